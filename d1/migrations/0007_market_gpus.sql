-- What offers are searched and sorted by, besides: price of a GPU-second, how many GPUs there are, and their
-- architectures. The market's object writes all rows anew (durable-objects/market/tables.ts).
ALTER TABLE market_rows ADD COLUMN gpu_second REAL;
ALTER TABLE market_rows ADD COLUMN gpu_count INTEGER NOT NULL DEFAULT 0;
ALTER TABLE market_rows ADD COLUMN arch TEXT NOT NULL DEFAULT '';
ALTER TABLE market_rows ADD COLUMN order_gpu_second REAL NOT NULL DEFAULT 1e18;
CREATE INDEX market_rows_gpu_second ON market_rows (name, order_gpu_second, offer_id);
