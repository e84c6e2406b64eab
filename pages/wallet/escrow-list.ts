/** Which escrows an account opened, from its transactions. */
import { fromHex, toHex0x } from '../../core/base/bytes.ts'
import { taggedHash } from '../../core/crypto/hash.ts'
import { transactionRow } from '../explorer/wire.ts'
import { listAnswer } from '../shared/list/definition.ts'

/** Most escrows of one account that are looked at, the newest. */
const openedMax = 100

/** Where the site lists what an account opened. */
export const openedPath = (address: string): string =>
  `/api/v1/chain/transactions?sender=${encodeURIComponent(address)}&kind=escrow_open&outcome=applied&limit=${openedMax}`

export const openedAnswer = listAnswer(transactionRow)

/**
 * Id of the escrow that a transaction opened, `0x…`; undefined for what is no hash. The same as `escrowIdOf`
 * of the chain, which would bring all codecs of transactions into the page.
 */
export function escrowIdOfHash(hash: string): string | undefined {
  const bytes = fromHex(hash, 32)
  return bytes.ok ? toHex0x(taggedHash('aitbc/escrow-id/1', bytes.value)) : undefined
}
