-- Read model of the chain: finalized blocks only, written by the outbox of the chain object in order of
-- height. Hashes, ids and keys are lower-case hex without a prefix, addresses aitbc1…, amounts base units
-- (below 2^53, the bound of the supply; asked amounts, which may be larger, are decimal text).

CREATE TABLE chain_meta (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  genesis_hash TEXT NOT NULL,
  indexed_height INTEGER NOT NULL,
  indexed_hash TEXT NOT NULL,
  transactions INTEGER NOT NULL,
  settlements INTEGER NOT NULL
);

CREATE TABLE chain_blocks (
  height INTEGER PRIMARY KEY,
  hash TEXT NOT NULL UNIQUE,
  parent_hash TEXT NOT NULL,
  slot INTEGER NOT NULL,
  proposer TEXT NOT NULL,
  state_root TEXT NOT NULL,
  transaction_count INTEGER NOT NULL,
  fees INTEGER NOT NULL
);

CREATE TABLE chain_transactions (
  height INTEGER NOT NULL,
  position INTEGER NOT NULL,
  hash TEXT NOT NULL UNIQUE,
  slot INTEGER NOT NULL,
  kind TEXT NOT NULL,
  sender TEXT NOT NULL,
  recipient TEXT,
  amount TEXT,
  fee INTEGER NOT NULL,
  nonce INTEGER NOT NULL,
  code INTEGER NOT NULL,
  payload TEXT NOT NULL,
  PRIMARY KEY (height, position)
) WITHOUT ROWID;

CREATE INDEX chain_transactions_sender ON chain_transactions (sender, height, position);
CREATE INDEX chain_transactions_recipient ON chain_transactions (recipient, height, position)
  WHERE recipient IS NOT NULL;

CREATE TABLE chain_escrows (
  id TEXT PRIMARY KEY,
  owner TEXT NOT NULL,
  coordinator TEXT NOT NULL,
  opened_height INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE chain_settlements (
  height INTEGER NOT NULL,
  position INTEGER NOT NULL,
  item INTEGER NOT NULL,
  slot INTEGER NOT NULL,
  transaction_hash TEXT NOT NULL,
  receipt_hash TEXT NOT NULL,
  job_hash TEXT NOT NULL,
  authorisation TEXT NOT NULL,
  escrow TEXT NOT NULL,
  number TEXT NOT NULL,
  owner TEXT NOT NULL,
  coordinator TEXT NOT NULL,
  miner TEXT NOT NULL,
  amount INTEGER NOT NULL,
  miner_amount INTEGER NOT NULL,
  coordinator_amount INTEGER NOT NULL,
  release_signature TEXT NOT NULL,
  PRIMARY KEY (height, position, item)
) WITHOUT ROWID;

CREATE INDEX chain_settlements_receipt ON chain_settlements (receipt_hash);
CREATE INDEX chain_settlements_job ON chain_settlements (job_hash);
CREATE INDEX chain_settlements_miner ON chain_settlements (miner, height, position, item);

CREATE TABLE chain_accounts (
  address TEXT PRIMARY KEY,
  balance INTEGER NOT NULL,
  nonce INTEGER NOT NULL,
  sent INTEGER NOT NULL,
  received INTEGER NOT NULL,
  last_height INTEGER NOT NULL,
  last_slot INTEGER NOT NULL
) WITHOUT ROWID;

CREATE INDEX chain_accounts_balance ON chain_accounts (balance DESC, address);
