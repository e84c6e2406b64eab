/** What a window and the worker that checks proofs say to each other: plain data. */

/** `genesisHash`: hex, as pinned. `memory`: what the worker gave last time for this network. */
export type ProofRequest = {
  readonly site: string
  readonly genesisHash: string
  readonly address: string
  readonly memory: string | undefined
}

/** `balance`: base units in the newest final block, as the chain shows. Reasons are sentences. */
export type Proven =
  | { readonly state: 'verified'; readonly balance: string; readonly height: number }
  | { readonly state: 'not-final'; readonly reason: string }
  | { readonly state: 'unverifiable'; readonly reason: string }

export type ProofReply = { readonly proven: Proven; readonly memory: string | undefined }
