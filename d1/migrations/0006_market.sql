-- The market's read model: offers as the market object lists them, and rows to search and sort them by.
-- The object has the truth; everything here can be written again from it.

-- One row an offer: its JSON as it is served.
CREATE TABLE market_offers (
  offer_id TEXT PRIMARY KEY,
  body TEXT NOT NULL
) WITHOUT ROWID;

-- One row for the offer (name '') and one for each name of a model of it (core/market/row.ts). Text is
-- lower case, lists are lines; order_… is the key of an order, smaller first, what is not known last.
CREATE TABLE market_rows (
  name TEXT NOT NULL,
  offer_id TEXT NOT NULL,
  online INTEGER NOT NULL,
  verified INTEGER NOT NULL,
  status TEXT NOT NULL,
  kind TEXT NOT NULL,
  engine TEXT NOT NULL,
  region TEXT NOT NULL,
  site TEXT NOT NULL,
  miner TEXT NOT NULL,
  provider TEXT NOT NULL,
  models TEXT NOT NULL,
  gpus TEXT NOT NULL,
  cuda TEXT NOT NULL,
  words TEXT NOT NULL,
  vram REAL NOT NULL,
  price REAL,
  price_prompt REAL,
  price_hour REAL,
  speed REAL,
  performance REAL,
  uptime REAL,
  reputation REAL,
  rating REAL,
  reviews INTEGER NOT NULL,
  context INTEGER,
  places INTEGER NOT NULL,
  free INTEGER,
  order_price_performance REAL NOT NULL,
  order_price REAL NOT NULL,
  order_price_hour REAL NOT NULL,
  order_speed REAL NOT NULL,
  order_reputation REAL NOT NULL,
  order_rating REAL NOT NULL,
  order_uptime REAL NOT NULL,
  order_vram REAL NOT NULL,
  order_newest REAL NOT NULL,
  PRIMARY KEY (name, offer_id)
);
CREATE INDEX market_rows_offer ON market_rows (offer_id);
CREATE INDEX market_rows_miner ON market_rows (name, miner);
CREATE INDEX market_rows_provider ON market_rows (name, provider) WHERE provider <> '';
CREATE INDEX market_rows_price_performance ON market_rows (name, order_price_performance, offer_id);
CREATE INDEX market_rows_price ON market_rows (name, order_price, offer_id);
CREATE INDEX market_rows_price_hour ON market_rows (name, order_price_hour, offer_id);
CREATE INDEX market_rows_speed ON market_rows (name, order_speed, offer_id);
CREATE INDEX market_rows_reputation ON market_rows (name, order_reputation, offer_id);
CREATE INDEX market_rows_rating ON market_rows (name, order_rating, offer_id);
CREATE INDEX market_rows_uptime ON market_rows (name, order_uptime, offer_id);
CREATE INDEX market_rows_vram ON market_rows (name, order_vram, offer_id);
CREATE INDEX market_rows_newest ON market_rows (name, order_newest, offer_id);

-- Prices by day of UTC and name of a model ('' for all): base units for 1 000 completion tokens.
CREATE TABLE market_price_days (
  name TEXT NOT NULL,
  day TEXT NOT NULL,
  least INTEGER NOT NULL,
  median INTEGER NOT NULL,
  most INTEGER NOT NULL,
  offers INTEGER NOT NULL,
  PRIMARY KEY (name, day)
) WITHOUT ROWID;
