/** The objects of the wallet daemon as their callers see them, and the walk that a new sealing key takes. */
import { sealingKeyIdOf } from '../core/api/sealing-key.ts'
import type { WalletOwnersService, WalletService } from '../core/api/wallet-service.ts'
import { fromBase64Url } from '../core/base/bytes.ts'
import type { Env } from './env.ts'

/** The wallets of one owner. Native RPC, whose generic types would be `never`. */
export const walletsOf = (env: Env, owner: string): WalletService =>
  env.WALLET_DAEMON.get(env.WALLET_DAEMON.idFromName(owner)) as unknown as WalletService

/** Who has wallets: one object a site. */
export const walletOwnersOf = (env: Env): WalletOwnersService =>
  env.WALLET_OWNERS.get(env.WALLET_OWNERS.idFromName('owners')) as unknown as WalletOwnersService

/** Owners whose wallets are sealed anew in one minute. */
const ownersPerRound = 20

/**
 * Seals what is left under an older key under the newest one, some owners a round. Stopped anywhere it goes
 * on with what is left; nothing is written before what it replaces was read.
 */
export async function resealWallets(env: Env): Promise<void> {
  const keyId = newestKeyIdOf(env)
  const owners = walletOwnersOf(env)
  const behind = await owners.behind(keyId, ownersPerRound)
  for (const owner of behind) {
    const left = await walletsOf(env, owner).reseal(owner, keyId)
    if (left === 0) await owners.caughtUp(owner, keyId)
    else
      console.warn(
        JSON.stringify({ msg: 'wallets not under the newest key', owner, wallets: left }),
      )
  }
}

/** How many owners' wallets may still need an older key. */
export async function walletsBehind(env: Env): Promise<{ owners: number; behind: number }> {
  return walletOwnersOf(env).counts(newestKeyIdOf(env))
}

/** The name of the newest key. */
function newestKeyIdOf(env: Env): string {
  const key = fromBase64Url(env.WALLET_ENCRYPTION_KEY ?? '', 32)
  if (key.ok) return sealingKeyIdOf(key.value)
  throw Object.assign(new Error('WALLET_ENCRYPTION_KEY cannot be used'), { code: 'CONFIG_INVALID' })
}
