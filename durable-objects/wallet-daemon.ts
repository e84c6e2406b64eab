/**
 * The object of one owner's wallets, named by the owner; and the one object that knows who has any. Their
 * rules are in `wallet-daemon/`; here they meet storage and clock.
 */
import { DurableObject } from 'cloudflare:workers'
import type { WalletOwnersService, WalletService } from '../core/api/wallet-service.ts'
import { rowsOf } from './coordinator/schema.ts'
import { openKeyRing, type SealingEnv, sealingSecrets } from './key-ring.ts'
import { openDaemon } from './wallet-daemon/daemon.ts'
import { openWalletStore } from './wallet-daemon/wallet-store.ts'

/** What the wallets' keys are sealed for. */
export const walletPurpose = 'wallet-daemon'

/** The object without the way to the other one: the composition root extends it with `owners`. */
export abstract class WalletDaemonObject<Env extends SealingEnv = SealingEnv>
  extends DurableObject<Env>
  implements WalletService
{
  readonly #store
  readonly #daemon

  protected abstract owners(env: Env): WalletOwnersService

  constructor(state: DurableObjectState, env: Env) {
    super(state, env)
    const ring = openKeyRing(sealingSecrets(env), walletPurpose)
    this.#store = openWalletStore(state.storage, ring)
    this.#daemon = openDaemon({
      store: this.#store,
      enter: (owner) => this.owners(env).enter(owner, ring.currentId),
      now: () => Date.now(),
    })
  }

  async wallets(...input: Parameters<WalletService['wallets']>) {
    return this.#daemon.wallets(...input)
  }

  async create(...input: Parameters<WalletService['create']>) {
    return this.#daemon.create(...input)
  }

  async unlock(...input: Parameters<WalletService['unlock']>) {
    return this.#daemon.unlock(...input)
  }

  async sign(...input: Parameters<WalletService['sign']>) {
    return this.#daemon.sign(...input)
  }

  async ledger(...input: Parameters<WalletService['ledger']>) {
    return this.#daemon.ledger(...input)
  }

  async count(...input: Parameters<WalletService['count']>) {
    return this.#daemon.count(...input)
  }

  async reseal(...input: Parameters<WalletService['reseal']>) {
    return this.#store.reseal(...input)
  }
}

/** Who has wallets, and under which of the site's keys all of an owner's are sealed. */
export class WalletOwnersObject extends DurableObject<unknown> implements WalletOwnersService {
  constructor(state: DurableObjectState, env: unknown) {
    super(state, env)
    state.storage.sql.exec(
      'CREATE TABLE IF NOT EXISTS owners (owner TEXT PRIMARY KEY, key_id TEXT NOT NULL) WITHOUT ROWID',
    )
  }

  async enter(owner: string, keyId: string) {
    // With wallets under two keys, none of them is the one of all: the empty text is behind every key.
    this.ctx.storage.sql.exec(
      `INSERT INTO owners VALUES (?, ?) ON CONFLICT (owner) DO UPDATE
       SET key_id = CASE WHEN key_id = excluded.key_id THEN key_id ELSE '' END`,
      owner,
      keyId,
    )
  }

  async behind(keyId: string, limit: number) {
    // In no order: one who cannot catch up must not stand in the way of those who can.
    const query = 'SELECT owner FROM owners WHERE key_id <> ? ORDER BY RANDOM() LIMIT ?'
    const rows = rowsOf<{ owner: string }>(this.ctx.storage, query, keyId, limit)
    return rows.map(({ owner }) => owner)
  }

  async caughtUp(owner: string, keyId: string) {
    this.ctx.storage.sql.exec('UPDATE owners SET key_id = ? WHERE owner = ?', keyId, owner)
  }

  async counts(keyId: string) {
    const query = 'SELECT COUNT(*) AS owners, SUM(key_id <> ?) AS behind FROM owners'
    const [row] = rowsOf<{ owners: number; behind: number | null }>(this.ctx.storage, query, keyId)
    return { owners: row?.owners ?? 0, behind: row?.behind ?? 0 }
  }
}
