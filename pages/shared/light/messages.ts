/** What page and light client say to each other: plain data. */

/** What is to be checked, as it stands in addresses and answers. */
export type Subject =
  | { readonly kind: 'transaction'; readonly hash: string }
  | { readonly kind: 'account'; readonly address: string }
  | { readonly kind: 'escrow'; readonly id: string }
  | { readonly kind: 'booking'; readonly id: string }
  | { readonly kind: 'bond'; readonly address: string }
  | { readonly kind: 'receipt'; readonly hash: string; readonly transaction: string }
  | { readonly kind: 'block'; readonly hash: string }

/** `shown`: what the site said of it, as JSON; the check is that the chain says the same. */
export type Asked = { readonly subject: Subject; readonly shown: unknown }

/** The outcome of a check. Heights and Unix milliseconds; reasons are sentences for people. */
export type Checked =
  | {
      readonly state: 'verified'
      /** Block in which the fact stands. */
      readonly height: number
      readonly atMs: number
      /** Newest verified block, and when its slot began. */
      readonly headHeight: number
      readonly headAtMs: number
      /** What else holds, or what is left open: sentences for people. */
      readonly note: string
      /** What the check took: bytes of proof as they came, and milliseconds of work. */
      readonly proofBytes: number
      readonly workMs: number
    }
  | { readonly state: 'not-final'; readonly reason: string }
  | { readonly state: 'unverifiable'; readonly code: string; readonly reason: string }

/** Canonical bytes that can be taken apart: `payment` is one item of a settlement, with its signatures. */
export type BytesKind = 'header' | 'transaction' | 'outcome' | 'payment' | 'payment_outcome'

/** One field of canonical bytes. */
export type Field = { readonly name: string; readonly value: string }

/** Canonical bytes, taken apart in this browser. */
export type Inspected =
  | {
      readonly ok: true
      readonly fields: readonly Field[]
      /** Recomputed; undefined for bytes that have no name of their own. */
      readonly hash: string | undefined
      /** Signatures and whether each holds. */
      readonly signatures: readonly { readonly of: string; readonly holds: boolean }[]
      /** A part of these bytes that can be taken apart by itself, hex: the payments of a settlement. */
      readonly parts: readonly string[]
    }
  | { readonly ok: false; readonly reason: string }

/** What the page keeps for the client: the chain that it knows, and how far. */
export type Memory = {
  /** Hash of the genesis, hex. */
  readonly genesis: string
  readonly height: number
  /** As `core/api/light-memory.ts` writes it. */
  readonly text: string
}

/** To the client. `escrows`: the ids of the escrows that transactions of these hashes open. */
export type Question =
  | ({ readonly ask: 'check' } & Asked)
  | { readonly ask: 'inspect'; readonly kind: BytesKind; readonly hex: string }
  | { readonly ask: 'escrows'; readonly hashes: readonly string[] }

export type Request = {
  readonly id: number
  readonly memory: Memory | undefined
  readonly question: Question
}

/** From the client; `memory` when there is more to remember than before. */
export type Reply = {
  readonly id: number
  readonly answer: Checked | Inspected | readonly string[]
  readonly memory: Memory | undefined
}
