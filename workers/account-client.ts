/** The objects of accounts and of names as their callers see them. */
import {
  type AccountService,
  accountLimits,
  type NameService,
} from '../core/api/account-service.ts'
import { toHex, utf8ToBytes } from '../core/base/bytes.ts'
import { taggedHash } from '../core/crypto/hash.ts'
import type { Env } from './env.ts'

/** The object of one account. Native RPC, whose generic types would be `never`. */
export const accountOf = (env: Env, address: string): AccountService =>
  env.ACCOUNT.get(env.ACCOUNT.idFromName(address)) as unknown as AccountService

/** A name that only one account may have. */
export type AccountName = { readonly kind: 'email' | 'username'; readonly name: string }

/**
 * Takes a name for an account; false when it is another's. A claim whose account does not show the name,
 * because its registration failed or was stopped, is void.
 */
export async function takeName(env: Env, owner: string, given: AccountName): Promise<boolean> {
  const known = nameOf(env, given)
  const holder = await known.claim(owner)
  if (!holder) return true
  if (Date.now() - holder.sinceMs < accountLimits.nameClaimMs) return false
  const profile = await accountOf(env, holder.owner).profile()
  if (profile && isSameName(profile[given.kind], given.name)) return false
  return (await known.claim(owner, holder)) === undefined
}

/** Forgets a name that the account shows no more; not one that a registration may be about to take again. */
export async function leaveName(env: Env, owner: string, given: AccountName): Promise<void> {
  await nameOf(env, given).release(owner, Date.now() - accountLimits.nameClaimMs)
}

/** Neither capitals nor another way to write the same letters make another name. */
export const isSameName = (one: string, other: string): boolean =>
  foldedName(one) === foldedName(other)

function nameOf(env: Env, { kind, name }: AccountName): NameService {
  const known = toHex(taggedHash(`aitbc/name/${kind}/1`, utf8ToBytes(foldedName(name))))
  return env.NAME_CLAIM.get(env.NAME_CLAIM.idFromName(`${kind}:${known}`)) as unknown as NameService
}

const foldedName = (name: string): string => name.normalize('NFKC').toLowerCase()
