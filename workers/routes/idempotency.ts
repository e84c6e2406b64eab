/** `Idempotency-Key`: the key, and what tells the same request from another one under the same key. */
import type { Idempotency } from '../../core/api/dispatch.ts'
import { idempotencyKeyOf } from '../../core/api/dispatch-requests.ts'
import { toHex, utf8ToBytes } from '../../core/base/bytes.ts'
import { sha256 } from '../../core/crypto/hash.ts'
import type { AppContext } from '../context.ts'
import { orThrow } from './request.ts'

/** Undefined without the header. `action` names the route, whatever its spelling. */
export async function idempotencyOf(
  c: AppContext,
  action: string,
): Promise<Idempotency | undefined> {
  const header = c.req.header('idempotency-key')
  if (header === undefined) return undefined
  const key = orThrow(idempotencyKeyOf(header.trim()))
  const body = new Uint8Array(await c.req.arrayBuffer())
  return { key, fingerprint: toHex(sha256(utf8ToBytes(`${action}\n`), body)) }
}
