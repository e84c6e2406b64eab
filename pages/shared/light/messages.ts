/** What page and light client say to each other: plain data. */

/** What is to be checked, as it stands in addresses and answers. */
export type Subject =
  | { readonly kind: 'transaction'; readonly hash: string }
  | { readonly kind: 'account'; readonly address: string }
  | { readonly kind: 'escrow'; readonly id: string }
  | { readonly kind: 'receipt'; readonly hash: string; readonly transaction: string }

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
    }
  | { readonly state: 'not-final'; readonly reason: string }
  | { readonly state: 'unverifiable'; readonly code: string; readonly reason: string }

/** What the page keeps for the client: the chain that it knows, and how far. */
export type Memory = {
  /** Hash of the genesis, hex. */
  readonly genesis: string
  readonly height: number
  /** As `core/api/light-memory.ts` writes it. */
  readonly text: string
}

/** To the client. */
export type Request = Asked & { readonly id: number; readonly memory: Memory | undefined }

/** From the client; `memory` when there is more to remember than before. */
export type Reply = {
  readonly id: number
  readonly checked: Checked
  readonly memory: Memory | undefined
}
