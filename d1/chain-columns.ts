/** How the rows that the code knows are spelled in the tables of the read model. */

/** Columns as the tables name them, and the fields of the rows that fill them. */
export type Columns = Readonly<Record<string, string>>

export const blockColumns: Columns = {
  height: 'height',
  hash: 'hash',
  parent_hash: 'parentHash',
  slot: 'slot',
  proposer: 'proposer',
  state_root: 'stateRoot',
  transaction_count: 'transactionCount',
  fees: 'fees',
}

export const transactionColumns: Columns = {
  height: 'height',
  position: 'position',
  hash: 'hash',
  slot: 'slot',
  kind: 'kind',
  sender: 'sender',
  recipient: 'recipient',
  amount: 'amount',
  fee: 'fee',
  nonce: 'nonce',
  code: 'code',
  payload: 'payload',
}

export const escrowColumns: Columns = {
  id: 'id',
  owner: 'owner',
  coordinator: 'coordinator',
  opened_height: 'openedHeight',
}

export const settlementColumns: Columns = {
  height: 'height',
  position: 'position',
  item: 'item',
  slot: 'slot',
  transaction_hash: 'transactionHash',
  receipt_hash: 'receiptHash',
  job_hash: 'jobHash',
  authorisation: 'authorisation',
  escrow: 'escrow',
  number: 'number',
  owner: 'owner',
  coordinator: 'coordinator',
  miner: 'miner',
  amount: 'amount',
  miner_amount: 'minerAmount',
  coordinator_amount: 'coordinatorAmount',
  release_signature: 'releaseSignature',
}
