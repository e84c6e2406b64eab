-- A site that began from a snapshot has blocks from there on: the height of the first one in these tables.
ALTER TABLE chain_meta ADD COLUMN indexed_from INTEGER NOT NULL DEFAULT 0;
