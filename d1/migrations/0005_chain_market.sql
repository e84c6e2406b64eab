-- What the market and the books need of the chain: announcements, everybody that a transaction concerns,
-- and the postings of double entry. All of it final, and written with the block that it belongs to.

-- body: hex. What a topic means is in core/chain/messages/announce.ts.
CREATE TABLE announcements (
  height INTEGER NOT NULL,
  position INTEGER NOT NULL,
  slot INTEGER NOT NULL,
  tx_hash TEXT NOT NULL,
  sender TEXT NOT NULL,
  topic INTEGER NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY (height, position)
) WITHOUT ROWID;

CREATE INDEX announcements_topic ON announcements (topic, height, position);

-- Addresses that a transaction paid or accused without naming them as sender or recipient, and without
-- paying them for a job.
CREATE TABLE chain_participants (
  address TEXT NOT NULL,
  height INTEGER NOT NULL,
  position INTEGER NOT NULL,
  PRIMARY KEY (address, height, position)
) WITHOUT ROWID;

-- account: account:aitbc1…, bond:aitbc1…, escrow:<hex>, booking:<hex>, genesis, minted, burned. amount: base
-- units, below zero where the account loses them. The postings of one transaction sum to zero; those of
-- genesis stand at height 0 without a transaction.
CREATE TABLE chain_ledger (
  height INTEGER NOT NULL,
  position INTEGER NOT NULL,
  item INTEGER NOT NULL,
  slot INTEGER NOT NULL,
  transaction_hash TEXT,
  account TEXT NOT NULL,
  amount INTEGER NOT NULL,
  reason TEXT NOT NULL,
  PRIMARY KEY (height, position, item)
) WITHOUT ROWID;

CREATE INDEX chain_ledger_account ON chain_ledger (account, height, position, item);
CREATE INDEX chain_ledger_transaction ON chain_ledger (transaction_hash, height, position, item)
  WHERE transaction_hash IS NOT NULL;

-- Sums of all postings by what stands before the colon of their account: together they are zero.
CREATE TABLE chain_books (
  kind TEXT PRIMARY KEY,
  amount INTEGER NOT NULL
) WITHOUT ROWID;

-- Where the books begin: the first block whose postings are known. A site that indexed blocks before it
-- kept books, or began from a snapshot, has them from there on.
ALTER TABLE chain_meta ADD COLUMN ledger_from INTEGER;
