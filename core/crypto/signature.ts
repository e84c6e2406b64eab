/**
 * Ports for Ed25519 (RFC 8032). Core never chooses an implementation: hosts inject one.
 *
 * One rule for validity everywhere (SPEC.md, SIG rules): equation without cofactor, `s` below the group
 * order, public key canonical and not of small order, `R` canonical and not of small order.
 */

/** Bytes in a public key and in a seed. */
export const keyBytes = 32

/** Bytes in a signature. */
export const signatureBytes = 64

/** Checks signatures. Must not throw on any bytes: what is malformed is `false`. */
export type Verifier = {
  readonly verify: (input: {
    readonly signature: Uint8Array
    readonly message: Uint8Array
    readonly publicKey: Uint8Array
  }) => boolean
}

/** Signs with one key. The seed stays inside. */
export type Signer = {
  readonly publicKey: Uint8Array
  readonly sign: (message: Uint8Array) => Uint8Array
}
