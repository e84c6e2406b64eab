/**
 * Faucet: a gift from a faucet account that genesis names (devnet only). Its own kind so that an
 * explorer can tell a gift from a payment, and so that genesis can cap it.
 */
import * as P from 'micro-packed'
import { bytes20, u64 } from '../../base/coders.ts'

/** `to`: 20-byte address; `amount`: base units, at most the cap of genesis. */
export const faucetCoder = P.struct({ to: bytes20, amount: u64 })
export type Faucet = P.UnwrapCoder<typeof faucetCoder>
