/**
 * A site in which everything has happened once: a job computed and paid, an account with an escrow, a
 * transfer. What the contract test of the endpoint table calls them with.
 */
import { randomBytes } from 'node:crypto'
import { exampleValues } from '../../core/api/endpoints/example-values.ts'
import { toHex, toHex0x } from '../../core/base/bytes.ts'
import { sufficientFee } from '../../core/chain/fees.ts'
import { bookingIdOf, signTransaction, type TransactionBody } from '../../core/chain/transaction.ts'
import { addressOf, formatAddress } from '../../core/crypto/address.ts'
import { devnetRewards } from '../../scripts/setup/genesis.ts'
import { call, type Json, jobIn, keyOf, until } from './api-client.ts'
import { legacyTalk, minerKeys, startLegacySite } from './api-legacy-site.ts'
import {
  coordinatorKey,
  freshSigner,
  genesisOf,
  hashOf,
  openPayer,
  type Payer,
  send,
  slotNow,
} from './api-payer.ts'
import type { Harness } from './harness.ts'
import { login } from './sign-in.ts'
import { startTestMiner, type TestMiner } from './test-miner.ts'

export const question = {
  type: 'inference',
  model: 'aitbc-tiny',
  prompt: 'What is the capital of France?',
}

export type World = Awaited<ReturnType<typeof createWorld>>

/** Starts it; dispose of it. */
export async function createWorld() {
  const spareKey = `client_${randomBytes(16).toString('hex')}`
  const clientKey = `client_${randomBytes(16).toString('hex')}`
  const vars = { CLIENT_API_KEYS: JSON.stringify([clientKey, spareKey]), SNAPSHOT_EVERY: '4' }
  const site = await startLegacySite(vars, { parameters: { market: devnetRewards } })
  const miner = await startTestMiner(site.url)
  const talk = legacyTalk(() => site)
  const key = keyOf(site, 'CLIENT')
  // Room for every job that a test takes and leaves.
  await talk.registerScript(minerKeys.script, { concurrency: 64 })
  const [payer, job] = await Promise.all([openPayer(site), settledJob(site, key)])
  const { json: user } = await login(site, payer.signer)
  const wallet = { wallet_id: exampleValues.wallet, password: exampleValues.password }
  await call(site, '/wallet/v1/wallets', { key, body: wallet })
  const chainBooking = await bookTime(site, payer)
  let nonce = 2n
  return {
    site,
    key,
    /** A client's key that has asked for nothing, so that the site keeps no account for it. */
    spareKey,
    minerKey: minerKeys.script,
    adminKey: keyOf(site, 'ADMIN'),
    payer,
    address: payer.address,
    /** The payer, signed in. */
    session: String(user['session_token']),
    userId: String(user['user_id']),
    escrow: toHex0x(payer.escrow),
    job: String(job['job_id']),
    receipt: String(job['receipt_hash']),
    settlement: String((job['settlement'] as Json)['tx_hash']),
    /** A booking on the chain, and what the job's miner may claim. */
    chainBooking,
    claim: await claimIn(site),
    /** A job that nobody serves, so that it stays in the queue. */
    submit: async (payload: Json) => {
      // It counts as gone while it says nothing, which may be long on a busy machine.
      await talk.script(minerKeys.script, 'POST', '/miners/heartbeat', { status: 'ONLINE' })
      return talk.submit(payload)
    },
    /** A signed transfer of the payer, each with the next nonce. */
    transfer: () => signedTransfer(site, payer, nonce++),
    /** The same in the fields of the original. */
    legacyTransfer: () => legacyFields(site, payer, nonce++),
    /** The nonce of a transaction that a test sends by itself. */
    takeNonce: () => nonce++,
    dispose: () => disposeAll(miner, site),
  }
}

async function settledJob(site: Harness, key: string): Promise<Json> {
  const answer = await call(site, '/api/v1/jobs', { key, body: { payload: question } })
  const jobId = answer.json['job_id']
  await jobIn(site, { key, jobId, states: ['COMPLETED'] })
  const { json } = await until(
    () => call(site, `/api/v1/jobs/${String(jobId)}`, { key }),
    (each) => (each.json['settlement'] as Json | null)?.['final'] === true,
  )
  await until(
    () => call(site, `/rpc/receipts/${String(json['receipt_hash'])}`),
    (each) => each.status === 200,
  )
  return json
}

/** Books time of the payer's own, with its second transaction. */
async function bookTime(site: Harness, payer: Payer): Promise<string> {
  const terms = { offer: new Uint8Array(32), start: 0n, slots: 1_800n, price: 5n }
  const provider = addressOf(payer.signer.publicKey)
  const data = { provider, coordinator: coordinatorKey(site), ...terms }
  const message = { TAG: 'booking_open', data } as const
  return toHex0x(bookingIdOf(await send(site, payer.signer, { nonce: 1n, message })))
}

async function claimIn(site: Harness): Promise<{ authorisation: string; expiry: string }> {
  const { json } = await call(site, '/api/v1/chain/receipts?limit=1')
  const [{ authorisation, slot }] = json['items'] as [{ authorisation: string; slot: number }]
  return { authorisation, expiry: String(slot + Number(devnetRewards.claimWindowSlots)) }
}

function transferOf(site: Harness, payer: Payer, nonce: bigint) {
  const to = addressOf(freshSigner().publicKey)
  const body: TransactionBody = {
    version: 1,
    sender: payer.signer.publicKey,
    nonce,
    fee: 0n,
    validUntil: BigInt(slotNow(site) + 100),
    message: { TAG: 'transfer', data: { to, amount: 1_000_000n } },
  }
  return { ...body, fee: sufficientFee(genesisOf(site).parameters, body) }
}

function signedTransfer(site: Harness, payer: Payer, nonce: bigint): string {
  return toHex(signTransaction(hashOf(site), transferOf(site, payer, nonce), payer.signer))
}

function legacyFields(site: Harness, payer: Payer, nonce: bigint): Json {
  const body = transferOf(site, payer, nonce)
  const bytes = signTransaction(hashOf(site), body, payer.signer)
  const { message } = body
  if (message.TAG !== 'transfer') throw new Error('not a transfer')
  return {
    type: 'TRANSFER',
    sender: payer.address,
    nonce: Number(nonce),
    fee: Number(body.fee),
    payload: { to: formatAddress(message.data.to), amount: Number(message.data.amount) },
    public_key: toHex(payer.signer.publicKey),
    valid_until: Number(body.validUntil),
    sig: toHex(bytes.slice(-64)),
  }
}

async function disposeAll(miner: TestMiner, site: Harness): Promise<void> {
  await miner.stop()
  await site.dispose()
}
