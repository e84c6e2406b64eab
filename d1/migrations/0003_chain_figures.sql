-- Figures by hour and day, and of each miner. The indexer keeps them with every block that it adds, so that
-- nothing is counted over the chain when somebody asks.

-- What is a copy may be made again: emptied here, the read model is filled from block 0 on by the chain
-- object, figures included.
DELETE FROM chain_meta;
DELETE FROM chain_blocks;
DELETE FROM chain_transactions;
DELETE FROM chain_escrows;
DELETE FROM chain_settlements;
DELETE FROM chain_accounts;

ALTER TABLE chain_meta ADD COLUMN accounts INTEGER NOT NULL DEFAULT 0;

-- bucket: 'hour' or 'day' of UTC; start: its first millisecond, Unix time. Amounts are base units.
CREATE TABLE chain_stats (
  bucket TEXT NOT NULL,
  start INTEGER NOT NULL,
  blocks INTEGER NOT NULL,
  transactions INTEGER NOT NULL,
  fees INTEGER NOT NULL,
  jobs INTEGER NOT NULL,
  paid INTEGER NOT NULL,
  miners INTEGER NOT NULL,
  clients INTEGER NOT NULL,
  PRIMARY KEY (bucket, start)
) WITHOUT ROWID;

-- Who was paid ('miner') and who paid ('client') in a bucket: each is counted once.
CREATE TABLE chain_active (
  bucket TEXT NOT NULL,
  start INTEGER NOT NULL,
  role TEXT NOT NULL,
  address TEXT NOT NULL,
  PRIMARY KEY (bucket, start, role, address)
) WITHOUT ROWID;

CREATE TABLE chain_miners (
  id INTEGER PRIMARY KEY,
  address TEXT NOT NULL UNIQUE,
  jobs INTEGER NOT NULL,
  earned INTEGER NOT NULL,
  clients INTEGER NOT NULL,
  first_slot INTEGER NOT NULL,
  last_slot INTEGER NOT NULL,
  last_height INTEGER NOT NULL
);

CREATE INDEX chain_miners_earned ON chain_miners (earned, id);
CREATE INDEX chain_miners_jobs ON chain_miners (jobs, id);
CREATE INDEX chain_miners_paid ON chain_miners (last_height, id);

CREATE TABLE chain_miner_clients (
  miner TEXT NOT NULL,
  client TEXT NOT NULL,
  PRIMARY KEY (miner, client)
) WITHOUT ROWID;
