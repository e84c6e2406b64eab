/**
 * What the platform binds to the Worker (wrangler.toml) and what an operator sets. Secrets are read from
 * here and nowhere else; `config.ts` checks them.
 */

/** A bound Durable Object namespace whose stubs answer to `Service` by RPC, and to `fetch`. */
export type ObjectNamespace = DurableObjectNamespace

export type Env = {
  readonly CHAIN_NODE: ObjectNamespace
  readonly COORDINATOR: ObjectNamespace
  readonly MARKET: ObjectNamespace
  readonly FAUCET_COOLDOWN: ObjectNamespace
  readonly ACCOUNT: ObjectNamespace
  readonly NAME_CLAIM: ObjectNamespace
  readonly WALLET_DAEMON: ObjectNamespace
  readonly WALLET_OWNERS: ObjectNamespace
  readonly DB: D1Database
  readonly ASSETS: Fetcher
  readonly ANONYMOUS_LIMIT?: RateLimit
  /** Parts of snapshots: a site that begins asks for a thousand of them. */
  readonly SNAPSHOT_LIMIT?: RateLimit
  readonly WALLET_LIMIT?: RateLimit

  // Secrets (scripts/setup/dev-vars.ts writes them locally)
  /** Signs sessions. One secret, or several with commas between them while one is replaced. */
  readonly JWT_SECRET?: string
  /** Marks the nonces of challenges. Written like `JWT_SECRET`. */
  readonly SESSION_SECRET?: string
  readonly WALLET_ENCRYPTION_KEY?: string
  /** Keys that were `WALLET_ENCRYPTION_KEY` before, with commas between them. */
  readonly WALLET_ENCRYPTION_KEY_OLD?: string
  readonly AUTHORITY_KEY?: string
  readonly COORDINATOR_KEY?: string
  readonly CLIENT_API_KEYS?: string
  readonly MINER_API_KEYS?: string
  readonly ADMIN_API_KEYS?: string
  readonly GENESIS_JSON?: string

  // Settings
  /** Shown by health routes: `dev`, `production`, … */
  readonly APP_ENV?: string
  /** Name that miners sign, where it differs from the host name under which they reach the site. */
  readonly SITE_HOST?: string
  /** Comma-separated addresses of the accounts that administer this site, once they have signed in. */
  readonly ADMIN_ADDRESSES?: string
  /** Comma-separated origins added to the allow-list. */
  readonly CORS_ORIGINS?: string
  /** Base URL of a site whose chain this one follows. */
  readonly CHAIN_UPSTREAM?: string
  /** Comma-separated origins of the other sites of this chain. */
  readonly PEERS?: string
  /** Heights from one snapshot of the state to the next; 0 makes none. */
  readonly SNAPSHOT_EVERY?: string
  /** Heights that a peer's snapshot has to save before this site begins from it; 0: never. */
  readonly SNAPSHOT_START?: string
  /** `mock` sends `/v1/` to the development mock instead of the coordinator. */
  readonly V1_UPSTREAM?: string
  /** Where the mock listens, on this machine; `http://127.0.0.1:8090` unless it is set. */
  readonly MOCK_URL?: string
  /** `off` turns the anonymous limiter off, on loopback only: for tests and benchmarks. */
  readonly RATE_LIMIT?: string
  /** JSON object from miner API key to the address that is paid. */
  readonly MINER_PAYOUTS?: string
}
