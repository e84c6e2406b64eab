/** What the vault needs of its host: a page's worker, an extension, or a test. */

/**
 * What is kept between visits. `text`: the encrypted keystore. `revision` grows by one with each change, so
 * that of two tabs that change it at once one learns that it was too late. `failures` counts wrong passwords
 * in a row, the last at `failedAtMs`.
 */
export type StoredVault = {
  readonly revision: number
  readonly text: string
  readonly autoLockMs: number
  readonly failures: number
  readonly failedAtMs: number
}

/** Keeps one record, whole or not at all. May reject: the vault then says `STORE_FAILED`. */
export type VaultStore = {
  readonly load: () => Promise<StoredVault | undefined>
  /**
   * Writes `next` if the kept record still has the revision `after` (`undefined`: if there is none), in one
   * step. Says whether it did.
   */
  readonly replace: (after: number | undefined, next: StoredVault | undefined) => Promise<boolean>
}

/** What vaults of one browser tell each other. */
export type VaultNews = 'changed' | 'locked'

export type VaultPorts = {
  readonly store: VaultStore
  /** PBKDF2 with SHA-256: 32 bytes. */
  readonly deriveKey: (input: {
    readonly password: Uint8Array
    readonly salt: Uint8Array
    readonly iterations: number
  }) => Promise<Uint8Array>
  readonly randomBytes: (length: number) => Uint8Array
  readonly nowMs: () => number
  /** Calls back once at about `atMs`; returns how to call it off. */
  readonly wakeAt: (atMs: number, wake: () => void) => () => void
  /** Tells the other vaults of this browser. */
  readonly tell: (news: VaultNews) => void
}
