/** Gifts of the site's faucet account: built and signed here, so that nobody races for its nonce. */
import type { Engine } from '../../core/chain/engine-api.ts'
import { sufficientFee } from '../../core/chain/fees.ts'
import type { Genesis } from '../../core/chain/genesis.ts'
import { signTransaction, type TransactionBody } from '../../core/chain/transaction.ts'
import { addressOf } from '../../core/crypto/address.ts'
import type { Signer } from '../../core/crypto/signature.ts'
import { chainNodeLimits } from './limits.ts'

/** Whether genesis names this site's faucet account and has not turned gifts off. */
export function hasFaucet(genesis: Genesis, faucet: Signer): boolean {
  const own = addressOf(faucet.publicKey)
  const named = genesis.faucets.some((address) => address.every((byte, i) => byte === own[i]))
  return named && genesis.parameters.faucetMax > 0n
}

/** The signed bytes of a gift of `amount` base units to a 20-byte address. */
export function signGift(input: {
  readonly engine: Engine
  readonly genesis: Genesis
  readonly faucet: Signer
  readonly to: Uint8Array
  readonly amount: bigint
  readonly nowMs: number
}): Uint8Array {
  const { engine, genesis, faucet, to, amount, nowMs } = input
  const slot = engine.status(nowMs).currentSlot
  const body: TransactionBody = {
    version: 1,
    sender: faucet.publicKey,
    nonce: engine.account(addressOf(faucet.publicKey)).nextNonce,
    fee: 0n,
    validUntil: BigInt(Math.max(slot, 0) + chainNodeLimits.giftValiditySlots),
    message: { TAG: 'faucet', data: { to, amount } },
  }
  const fee = sufficientFee(genesis.parameters, body)
  return signTransaction(engine.genesisHash, { ...body, fee }, faucet)
}
