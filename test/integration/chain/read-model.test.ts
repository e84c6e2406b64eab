/** Escrows, settlements and receipts in the read model, and what lists make of them. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { toHex, toHex0x } from '../../../core/base/bytes.ts'
import {
  type Authorisation,
  authorisationHash,
  authorisationSigningBytes,
} from '../../../core/chain/authorisation.ts'
import { genesisHash } from '../../../core/chain/genesis.ts'
import { releaseSigningBytes } from '../../../core/chain/release.ts'
import { escrowIdOf, type Message, transactionHash } from '../../../core/chain/transaction.ts'
import { type Harness, startHarness } from '../../support/harness.ts'
import {
  currentSlot,
  finalTransaction,
  genesisOf,
  get,
  richWallet,
  sign,
  signTransfer,
  status,
  submit,
  until,
  type Wallet,
  walletOf,
} from './client.ts'

let site: Harness
const client = walletOf(10)
const miner = walletOf(11)
const receipt = new Uint8Array(32).fill(0xab)
const job = new Uint8Array(32).fill(0xcd)
let settlement: string
let escrow: Uint8Array

beforeAll(async () => {
  site = await startHarness()
  const coordinator = richWallet(site)
  const fund = signTransfer(site, coordinator, { to: client, amount: 50_000_000n, nonce: 0 })
  await final(await accepted(fund))
  const open = sign(site, client, {
    nonce: 0,
    message: {
      TAG: 'escrow_open',
      data: {
        coordinator: coordinator.signer.publicKey,
        amount: 10_000_000n,
        expiry: 100_000n,
        delegate: undefined,
      },
    },
  })
  await final(await accepted(open))
  escrow = escrowIdOf(transactionHash(open))
  const settle = sign(site, coordinator, {
    nonce: 1,
    message: settleMessage(coordinator, { number: 1n, amount: 4_000_000n }),
  })
  settlement = await accepted(settle)
  expect(await final(settlement)).toMatchObject({ outcome: 'applied' })
  await indexed()
})

afterAll(() => site?.dispose())

async function accepted(bytes: Uint8Array): Promise<string> {
  expect(await submit(site, [bytes])).toMatchObject([{ ok: true }])
  return toHex0x(transactionHash(bytes))
}

const final = (hash: string) => finalTransaction(site, hash)

const indexed = () =>
  until(
    () => status(site),
    (now) => now.indexed_height === now.final_height,
  )

/** One payment of the client to the miner. */
function settleMessage(
  coordinator: Wallet,
  { number, amount }: { number: bigint; amount: bigint },
): Message {
  const hash = genesisHash(genesisOf(site))
  const authorisation: Authorisation = {
    escrow,
    number,
    limit: 5_000_000n,
    settleBy: BigInt(currentSlot(genesisOf(site)) + 200),
    jobHash: job,
    signer: client.signer.publicKey,
  }
  const release = {
    authorisation: authorisationHash(authorisation),
    miner: miner.address,
    amount,
    receiptHash: receipt,
  }
  const item = {
    authorisation,
    authorisationSignature: client.signer.sign(authorisationSigningBytes(hash, authorisation)),
    release,
    releaseSignature: coordinator.signer.sign(releaseSigningBytes(hash, release)),
  }
  return { TAG: 'settle', data: { items: [item] } }
}

/** 5 % of devnet parameters stay with the coordinator. */
const shares = { amount: 4_000_000, miner_amount: 3_800_000, coordinator_amount: 200_000 }

test('RPC-1: a settled receipt is found by its hash, and listed', async () => {
  const id = toHex0x(receipt)
  const one = await get(site, `receipts/${id}`)
  expect(one.json).toMatchObject({
    receipt_id: id,
    job_id: toHex0x(job),
    payload: {
      tx_hash: settlement,
      escrow: toHex0x(escrow),
      number: '1',
      client: client.text,
      coordinator: richWallet(site).text,
      miner: miner.text,
      ...shares,
    },
    miner_signature: null,
    coordinator_attestations: [{ coordinator: richWallet(site).text, alg: 'Ed25519' }],
    recorded_at: expect.any(String),
  })
  const list = await get<{ receipts: unknown[]; total: number }>(site, 'receipts')
  expect(list.json).toEqual({ receipts: [one.json], total: 1, limit: 20, offset: 0 })
  const tx = await get<{ settlements: unknown[] }>(site, `tx/${settlement}`)
  expect(tx.json.settlements).toMatchObject([
    { result: 'paid', receipt_hash: id, miner: miner.text, miner_amount: '3800000' },
  ])
})

test('RPC-9: the explorer names the receipt, by its job too', async () => {
  const ask = async (query: string) =>
    (await (await site.fetch(`/api/explorer/receipts${query}`)).json()) as {
      jobId: string
      items: Record<string, unknown>[]
    }
  const all = await ask('')
  expect(all).toMatchObject({
    jobId: 'all',
    items: [{ receiptId: toHex0x(receipt), miner: miner.text, status: 'Succeeded' }],
  })
  const byJob = await ask(`?job_id=${toHex0x(job)}`)
  expect(byJob.items).toEqual(all.items)
  expect((await ask(`?job_id=0x${'00'.repeat(32)}`)).items).toEqual([])
})

test('RPC-1: the miner’s address shows what it was paid', async () => {
  const { json } = await get(site, `address/${miner.text}`)
  expect(json).toMatchObject({
    balance: 3_800_000,
    total_transactions_received: 1,
    latest_received: [
      {
        tx_hash: settlement,
        counterparty: client.text,
        payload: { type: 'SETTLE', amount: 3_800_000 },
      },
    ],
  })
})

test('HOST-6: balances of all parties follow the final state, owner of a closed escrow included', async () => {
  const balances = async () => {
    const rows = await site.sql('SELECT address, balance FROM chain_accounts')
    for (const { address, balance } of rows) {
      const { json } = await get<{ final_balance: string }>(site, `getBalance/${address}`)
      expect([address, String(balance)]).toEqual([address, json.final_balance])
    }
    return rows.reduce((sum, { balance }) => sum + BigInt(balance as number), 0n)
  }
  const open = await balances()
  const { supply } = await status(site)
  // What is locked in the escrow belongs to no account.
  expect(open).toBe(BigInt(supply.held) - 6_000_000n)
  const close = sign(site, client, { nonce: 1, message: { TAG: 'escrow_close', data: { escrow } } })
  expect(await final(await accepted(close))).toMatchObject({ outcome: 'applied' })
  await indexed()
  await balances()
  expect(await site.sql('SELECT id, owner FROM chain_escrows')).toEqual([
    { id: toHex(escrow), owner: client.text },
  ])
})
