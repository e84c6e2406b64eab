/** `/rpc`: sending transactions, by the original's routes and by the new one. */
import { Hono } from 'hono'
import type { SubmitVerdict } from '../../core/api/chain-service.ts'
import {
  legacyPayloadBytes,
  legacyTransaction,
  receiptClaimRefusal,
  transferBytes,
} from '../../core/api/rpc-requests.ts'
import { verdictToJson } from '../../core/api/rpc-views.ts'
import { fromHex, toHex0x } from '../../core/base/bytes.ts'
import { feeFloor } from '../../core/chain/fees.ts'
import { formatAddress, parseAddress } from '../../core/crypto/address.ts'
import { chainNodeOf } from '../chain-client.ts'
import type { AppContext, AppEnv } from '../context.ts'
import { ApiFailure } from '../failure.ts'
import { faucetCooldownOf } from '../faucet-cooldown.ts'
import { type Asked, mount } from './mount.ts'
import { originalReaders } from './rpc-input.ts'

export const rpcSubmitRoutes = mount(
  new Hono<AppEnv>(),
  {
    submitTransactions: submit,
    sendTx: sendTx,
    submitReceipt: async (c, asked) => {
      await asked.body(c)
      throw new ApiFailure(receiptClaimRefusal)
    },
    estimateFee: estimateFee,
    mintFaucet: mintFaucet,
  },
  originalReaders,
)

/** One transaction answers like `sendTx`, a batch with a verdict each. */
async function submit(c: AppContext, asked: Asked<'submitTransactions'>): Promise<Response> {
  const body = await asked.body(c)
  const node = chainNodeOf(c.env)
  if ('txs' in body) {
    const verdicts = await node.submit(body.txs.map(signedBytes))
    return c.json({ verdicts: verdicts.map(verdictToJson) })
  }
  const [verdict] = await node.submit([signedBytes(body.tx)])
  const { hash, known } = accepted(verdict)
  return c.json({ tx_hash: toHex0x(hash), known })
}

async function sendTx(c: AppContext, asked: Asked<'sendTx'>): Promise<Response> {
  const bytes = legacyTransaction(await asked.body(c))
  if (!bytes.ok) throw new ApiFailure(bytes.error)
  const [verdict] = await chainNodeOf(c.env).submit([bytes.value])
  return c.json({ tx_hash: toHex0x(accepted(verdict).hash) })
}

/** What a transfer costs for certain; the original's figures for the payload stand beside it. */
async function estimateFee(c: AppContext, asked: Asked<'estimateFee'>): Promise<Response> {
  const { type, payload } = await asked.body(c)
  const kind = type.toUpperCase()
  if (kind === 'RECEIPT_CLAIM') throw new ApiFailure(receiptClaimRefusal)
  if (kind !== 'TRANSFER') {
    const message = `${kind}: only the fee of a TRANSFER can be told from its payload`
    throw new ApiFailure({ code: 'VALIDATION_ERROR', message })
  }
  const { parameters } = c.get('config').genesis
  const least = feeFloor(parameters, { size: transferBytes, entries: 0 })
  return c.json({
    type: kind,
    base_fee: Number(parameters.baseFee),
    payload_bytes: legacyPayloadBytes(payload),
    estimated_fee: Number(least + parameters.feePerEntry),
    transaction_bytes: transferBytes,
    fee_per_byte: Number(parameters.feePerByte),
    // Charged only where the recipient has no account yet; part of the estimate.
    new_account_fee: Number(parameters.feePerEntry),
  })
}

/** A gift from the site's faucet: a transaction like any other. */
async function mintFaucet(c: AppContext, asked: Asked<'mintFaucet'>): Promise<Response> {
  const body = await asked.body(c)
  const to = parseAddress(body.address)
  if (!to.ok) throw new ApiFailure(to.error)
  const { genesis } = c.get('config')
  const { faucetMax } = genesis.parameters
  if (genesis.faucets.length === 0 || faucetMax === 0n) throw new ApiFailure({ code: 'FAUCET_OFF' })
  const amount = BigInt(body.amount)
  if (amount > faucetMax) {
    const message = `The faucet gives at most ${faucetMax} base units at a time.`
    throw new ApiFailure({ code: 'AMOUNT_INVALID', message, details: { max: String(faucetMax) } })
  }
  const address = formatAddress(to.value)
  const cooldown = faucetCooldownOf(c.env.FAUCET_COOLDOWN)
  const waitSeconds = await cooldown.take(address, Math.floor(c.get('now') / 1_000))
  if (waitSeconds > 0) {
    const message = `This address was served a short while ago; try again in ${waitSeconds} s.`
    const details = { retry_after_seconds: waitSeconds }
    throw new ApiFailure(
      { code: 'FAUCET_COOLDOWN', message, details },
      { 'retry-after': String(waitSeconds) },
    )
  }
  const node = chainNodeOf(c.env)
  try {
    const verdict = await node.faucet(to.value, amount)
    const { hash } = accepted(verdict)
    const { balance } = await node.account(to.value)
    return c.json({
      address,
      // As of now; the gift is in it once its block is.
      balance: Number(balance),
      tx_hash: toHex0x(hash),
      amount: amount.toString(),
      verdict: verdictToJson(verdict),
    })
  } catch (error) {
    await cooldown.release(address)
    throw error
  }
}

function accepted(verdict: SubmitVerdict | undefined): { hash: Uint8Array; known: boolean } {
  if (!verdict) throw new Error('invariant broken: the chain answered without a verdict')
  if (verdict.ok) return verdict
  const details = { tx_hash: toHex0x(verdict.hash) }
  throw new ApiFailure({ ...verdict.error, details })
}

/** The schema has seen the hex already. */
function signedBytes(text: string): Uint8Array {
  const bytes = fromHex(text)
  if (!bytes.ok) throw new ApiFailure({ code: 'VALIDATION_ERROR', message: bytes.error.message })
  return bytes.value
}
