/** The objects of accounts and of names as their callers see them. */
import type { AccountService, NameService } from '../core/api/account-service.ts'
import { toHex, utf8ToBytes } from '../core/base/bytes.ts'
import { taggedHash } from '../core/crypto/hash.ts'
import type { Env } from './env.ts'

/** The object of one account. Native RPC, whose generic types would be `never`. */
export const accountOf = (env: Env, address: string): AccountService =>
  env.ACCOUNT.get(env.ACCOUNT.idFromName(address)) as unknown as AccountService

/** The object of one name; capitals make no other name. */
export function nameOf(env: Env, kind: 'email' | 'username', name: string): NameService {
  const known = toHex(taggedHash(`aitbc/name/${kind}/1`, utf8ToBytes(name.toLowerCase())))
  return env.NAME_CLAIM.get(env.NAME_CLAIM.idFromName(`${kind}:${known}`)) as unknown as NameService
}
