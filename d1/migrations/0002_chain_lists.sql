-- Indexes for the filters of the chain's lists: each page is a search from a place on, in the order of the
-- list, never a walk over what came before.

CREATE INDEX chain_blocks_proposer ON chain_blocks (proposer, height);
CREATE INDEX chain_blocks_filled ON chain_blocks (height) WHERE transaction_count > 0;
-- Slots rise with heights, so a range of times is a range of heights: two searches here.
CREATE INDEX chain_blocks_slot ON chain_blocks (slot);

CREATE INDEX chain_transactions_kind ON chain_transactions (kind, height, position);
CREATE INDEX chain_transactions_failed ON chain_transactions (height, position) WHERE code <> 0;

CREATE INDEX chain_settlements_owner ON chain_settlements (owner, height, position, item);
