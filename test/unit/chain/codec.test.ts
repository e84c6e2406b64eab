import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { toHex } from '../../../core/base/bytes.ts'
import { type Coder, decodeCanonical } from '../../../core/base/coders.ts'
import { authorisationCoder, authorisationHash } from '../../../core/chain/authorisation.ts'
import { blockCoder, certificateCoder, headerHash } from '../../../core/chain/block.ts'
import { checkTransaction } from '../../../core/chain/check-transaction.ts'
import {
  bondCoder,
  bookingCoder,
  claimableCoder,
  delegateCoder,
  escrowCoder,
  spentCoder,
  supplyCoder,
} from '../../../core/chain/entries.ts'
import { genesisCoder, genesisHash } from '../../../core/chain/genesis.ts'
import { createGenesisBlock } from '../../../core/chain/genesis-block.ts'
import { outcomeCoder } from '../../../core/chain/outcome.ts'
import { releaseCoder } from '../../../core/chain/release.ts'
import { type Message, transactionCoder, transactionHash } from '../../../core/chain/transaction.ts'
import {
  bond,
  booking,
  closeBooking,
  evidence,
  marketGenesis,
  slash,
  unbond,
} from '../../support/chain-market.ts'
import {
  alice,
  bob,
  carol,
  coordinator,
  genesis,
  miner,
  mustOpen,
  nodeVerifier,
  settlementItem,
  sign,
  timeOf,
} from '../../support/chain-world.ts'
import { createMemoryChainStore } from '../../support/memory-chain-store.ts'

const vectors: Record<string, string> = JSON.parse(
  readFileSync(new URL('../../vectors/chain.json', import.meta.url), 'utf8'),
)

const escrow = new Uint8Array(32).fill(0xe5)
const terms = { delegate: bob.publicKey, budget: 400n, expiry: 90n }
const messages: Message[] = [
  { TAG: 'transfer', data: { to: bob.address, amount: 250n } },
  { TAG: 'faucet', data: { to: carol.address, amount: 1_000n } },
  {
    TAG: 'escrow_open',
    data: { coordinator: coordinator.publicKey, amount: 5_000n, expiry: 100n, delegate: terms },
  },
  { TAG: 'escrow_top_up', data: { escrow, amount: 10n, expiry: 0n } },
  { TAG: 'escrow_close', data: { escrow } },
  { TAG: 'delegate_grant', data: { escrow, terms } },
  { TAG: 'delegate_revoke', data: { escrow, delegate: bob.publicKey } },
  { TAG: 'settle', data: { items: [settlementItem({ authorisation: { escrow } })] } },
  bond(7_000n),
  unbond(bob),
  slash(evidence({ accused: bob })),
  {
    TAG: 'receipt_claim',
    data: { claims: [{ authorisation: escrow, expiry: 40n, amount: 12n }] },
  },
  booking(),
  closeBooking(escrow),
  { TAG: 'announce', data: { topic: 2, body: Uint8Array.of(1, 2, 3) } },
]
const signed = messages.map((message) => sign({ by: alice, nonce: 3n, fee: 9_000n, message }))

/** Signed bytes, hashes and roots that must never change. */
function golden(): Record<string, string> {
  const found: Record<string, string> = {
    'genesis hash': toHex(genesisHash(genesis)),
    'genesis hash with rewards': toHex(genesisHash(marketGenesis)),
    'genesis state root with rewards': toHex(createGenesisBlock(marketGenesis).header.stateRoot),
    'genesis block': toHex(headerHash(createGenesisBlock(genesis).header)),
    'genesis state root': toHex(createGenesisBlock(genesis).header.stateRoot),
  }
  messages.forEach((message, n) => {
    const bytes = signed[n] as Uint8Array
    found[`${message.TAG} bytes`] = toHex(bytes)
    found[`${message.TAG} hash`] = toHex(transactionHash(bytes))
  })
  const { authorisation } = settlementItem({ authorisation: { escrow } })
  found['authorisation hash'] = toHex(authorisationHash(authorisation))
  const engine = mustOpen({ store: createMemoryChainStore() })
  engine.submit([sign({ by: alice, message: messages[0] as Message })], timeOf(1))
  const [block] = engine.tick(timeOf(1)).send
  found['block 1 bytes'] = block?.kind === 'block' ? toHex(block.bytes) : ''
  found['block 1 hash'] = toHex(engine.head().hash)
  found['block 1 state root'] = toHex(engine.head().stateRoot)
  return found
}

test('CODEC-1: bytes, hashes and roots are those written down', () => {
  expect(golden()).toEqual(vectors)
})

const block = (() => {
  const engine = mustOpen({ store: createMemoryChainStore() })
  for (const slot of [1, 2]) {
    engine.submit(
      [sign({ by: alice, nonce: BigInt(slot - 1), message: messages[0] as Message })],
      timeOf(slot),
    )
    const [out] = engine.tick(timeOf(slot)).send
    if (slot === 2 && out?.kind === 'block') return out.bytes
  }
  throw new Error('no block')
})()
const item = settlementItem({ authorisation: { escrow } })
const outcome = {
  transaction: escrow,
  code: 0,
  fee: 5n,
  feeFromShares: 5n,
  settlements: [
    {
      code: 0,
      escrow,
      number: 1n,
      miner: miner.address,
      amount: 10n,
      minerAmount: 9n,
      coordinatorAmount: 1n,
      receiptHash: escrow,
    },
  ],
}
const certificate = blockCoder.decode(block).signedHeader.header.certificate
if (!certificate) throw new Error('no certificate')

const objects: [string, Coder<unknown>, Uint8Array][] = [
  ...messages.map((message, n): [string, Coder<unknown>, Uint8Array] => [
    message.TAG,
    transactionCoder as Coder<unknown>,
    signed[n] as Uint8Array,
  ]),
  [
    'authorisation',
    authorisationCoder as Coder<unknown>,
    authorisationCoder.encode(item.authorisation),
  ],
  ['release', releaseCoder as Coder<unknown>, releaseCoder.encode(item.release)],
  ['block', blockCoder as Coder<unknown>, block],
  ['certificate', certificateCoder as Coder<unknown>, certificateCoder.encode(certificate)],
  ['outcome', outcomeCoder as Coder<unknown>, outcomeCoder.encode(outcome)],
  ['genesis with rewards', genesisCoder as Coder<unknown>, genesisCoder.encode(marketGenesis)],
  ['genesis', genesisCoder as Coder<unknown>, genesisCoder.encode(genesis)],
]

describe.each(objects)('%s', (_, coder, bytes) => {
  test('CODEC-2: goes to bytes and back; nothing more or less than its bytes is read', () => {
    const decoded = decodeCanonical(coder, bytes)
    expect(decoded.ok && coder.encode(decoded.value)).toEqual(bytes)
    for (let length = 0; length < bytes.length; length++) {
      expect(decodeCanonical(coder, bytes.slice(0, length)).ok).toBe(false)
    }
    expect(decodeCanonical(coder, Uint8Array.of(...bytes, 0)).ok).toBe(false)
  })

  test('CODEC-3: whatever bytes are read encode to the same bytes, and none makes it throw', () => {
    fc.assert(
      fc.property(
        fc.nat({ max: bytes.length - 1 }),
        fc.integer({ min: 1, max: 255 }),
        (at, flip) => {
          const changed = bytes.map((byte, index) => (index === at ? byte ^ flip : byte))
          const decoded = decodeCanonical(coder, changed)
          if (decoded.ok) expect(coder.encode(decoded.value)).toEqual(changed)
        },
      ),
    )
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (any) => {
        const decoded = decodeCanonical(coder, any)
        if (decoded.ok) expect(coder.encode(decoded.value)).toEqual(any)
      }),
    )
  })
})

test('CODEC-4: a signed transaction with any bit flipped is refused', () => {
  const rules = { genesisHash: genesisHash(genesis), verifier: nodeVerifier }
  for (const bytes of signed) {
    expect(checkTransaction(rules, bytes)).toMatchObject({ ok: true })
    for (let at = 0; at < bytes.length; at++) {
      const changed = bytes.map((byte, index) => (index === at ? byte ^ (1 << (at % 8)) : byte))
      expect(checkTransaction(rules, changed).ok).toBe(false)
    }
  }
})

test('CODEC-5: state entries go to bytes and back', () => {
  const u64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })
  const hash = fc.uint8Array({ minLength: 32, maxLength: 32 })
  const owner = fc.uint8Array({ minLength: 20, maxLength: 20 })
  fc.assert(
    fc.property(hash, hash, owner, u64, u64, fc.nat({ max: 256 }), (a, b, c, d, e, n) => {
      const entry = { owner: c, coordinator: a, balance: d, expiry: e, closesAt: d, delegates: n }
      expect(escrowCoder.decode(escrowCoder.encode(entry))).toEqual(entry)
      const grant = { escrow: a, delegate: b, budget: d, expiry: e, revokedAt: e }
      expect(delegateCoder.decode(delegateCoder.encode(grant))).toEqual(grant)
      const spent = { escrow: a, number: d, settleBy: e }
      expect(spentCoder.decode(spentCoder.encode(spent))).toEqual(spent)
      const booked = { buyer: c, provider: c, coordinator: a, offer: b, start: d, end: e, price: d }
      expect(bookingCoder.decode(bookingCoder.encode(booked))).toEqual(booked)
      const stake = { owner: c, amount: d, since: e, leavesAt: d, slashedAt: e }
      expect(bondCoder.decode(bondCoder.encode(stake))).toEqual(stake)
      const claim = { authorisation: a, receipt: b, miner: c, amount: d, expiry: e }
      expect(claimableCoder.decode(claimableCoder.encode(claim))).toEqual(claim)
      const supply = { minted: d, burned: e }
      expect(supplyCoder.decode(supplyCoder.encode(supply))).toEqual(supply)
    }),
  )
})
