/** Transfer: moves base units from the sender to an address. */
import * as P from 'micro-packed'
import { bytes20, u64 } from '../../base/coders.ts'

/** `to`: 20-byte address; `amount`: base units, above zero. */
export const transferCoder = P.struct({ to: bytes20, amount: u64 })
export type Transfer = P.UnwrapCoder<typeof transferCoder>
