/**
 * Settle: pays for accepted work. Each item is a pair of an authorisation (signed by the payer) and a
 * release (signed by the coordinator) and stands or falls alone.
 */
import * as P from 'micro-packed'
import { bytes64, listOf } from '../../base/coders.ts'
import { authorisationCoder } from '../authorisation.ts'
import { releaseCoder } from '../release.ts'

/** One payment: both statements and both signatures. */
export const settlementItemCoder = P.struct({
  authorisation: authorisationCoder,
  authorisationSignature: bytes64,
  release: releaseCoder,
  releaseSignature: bytes64,
})
export type SettlementItem = P.UnwrapCoder<typeof settlementItemCoder>

/** A batch of payments; between one and `settlementItemsMax`. */
export const settleCoder = P.struct({ items: listOf(settlementItemCoder) })
export type Settle = P.UnwrapCoder<typeof settleCoder>
