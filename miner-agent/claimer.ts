/**
 * Collects protocol rewards where genesis has them: a settlement burns a part of each payment, and leaves the
 * miner a claim that lapses. Looks now and then, and claims when it is well worth its fee, or when waiting
 * would lose it and it is worth the fee at all.
 */
import { fromHex } from '../core/base/bytes.ts'
import { feeFloor } from '../core/chain/fees.ts'
import { type Genesis, genesisHash, slotMs } from '../core/chain/genesis.ts'
import { receiptClaimsMax } from '../core/chain/limits.ts'
import type { ReceiptClaimItem } from '../core/chain/messages/receipt-claim.ts'
import {
  signTransaction,
  type TransactionBody,
  transactionCoder,
} from '../core/chain/transaction.ts'
import { addressOf } from '../core/crypto/address.ts'
import type { Signer } from '../core/crypto/signature.ts'
import type { ChainClient } from './chain-client.ts'
import type { Logger } from './log.ts'

export type ClaimerOptions = {
  readonly chain: ChainClient
  readonly signer: Signer
  readonly log: Logger
  readonly nowMs: () => number
  /** The genesis of the chain that was met and verified; undefined before. */
  readonly genesis: () => Promise<Genesis | undefined>
  /** Time between two looks. */
  readonly everyMs: number
}

export type Claimer = {
  /** Looks when it is time. Calls that come while one runs are dropped. Never rejects. */
  tick(): Promise<void>
}

/** Slots that a claim needs to get into a block: one that lapses sooner would take the others with it. */
const marginSlots = 60
/** Slots for which our transactions are valid: five minutes. */
const validitySlots = 150n
/** A claim that can wait does so until it brings so many times its fee. */
const worthFees = 10n
/** Most pages of receipts in one look: what is older is met after what was claimed. */
const pagesMax = 5

/** What can be claimed now, the newest first, and what it brings in base units. */
export type Claimable = { readonly claims: readonly ReceiptClaimItem[]; readonly amount: bigint }

/** Builds the claimer; the caller gives it its clock. */
export function createClaimer(options: ClaimerOptions): Claimer {
  const gone = new Map<string, number>()
  let busy = false
  let nextMs = 0
  return {
    async tick() {
      if (busy || options.nowMs() < nextMs) return
      busy = true
      nextMs = options.nowMs() + options.everyMs
      try {
        await look(options, gone)
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error)
        options.log.warn('rewards were not claimed', { reason })
      } finally {
        busy = false
      }
    },
  }
}

/** `gone`: authorisations whose claim is known to be taken or lapsed, with the slot after which to forget them. */
async function look(options: ClaimerOptions, gone: Map<string, number>): Promise<void> {
  const { chain, signer, log } = options
  const genesis = await options.genesis()
  if (!genesis?.parameters.market) return
  const status = await chain.status()
  const account = await chain.account(addressOf(signer.publicKey))
  if (!status.ok || !account.ok) return
  const slot = status.value.status.currentSlot
  const found = await claimableOf({ chain, signer, genesis, slot }, gone)
  if (found.claims.length === 0) return
  const fee = feeOf(signer, genesis, found.claims)
  const looksAway = BigInt(Math.ceil((2 * options.everyMs) / slotMs) + marginSlots)
  const isLast = found.claims.some(({ expiry }) => expiry < BigInt(slot) + looksAway)
  const isFull = found.claims.length === receiptClaimsMax
  const least = isLast || isFull ? fee + 1n : fee * worthFees
  if (found.amount < least || account.value.balance < fee) return
  const body = bodyOf(signer, found.claims, {
    nonce: account.value.nextNonce,
    fee,
    validUntil: BigInt(slot) + validitySlots,
  })
  const verdict = await chain.submit(signTransaction(genesisHash(genesis), body, signer))
  const fault = verdict.ok ? (verdict.value.ok ? undefined : verdict.value.error) : verdict.error
  const fields = { claims: found.claims.length, units: found.amount, fee }
  if (fault) log.warn('rewards were not claimed', { ...fields, reason: fault.message })
  else log.info('claiming rewards', fields)
}

/** What the chain has for this miner: of its newest receipts those whose claim still stands. */
export async function claimableOf(
  at: {
    readonly chain: ChainClient
    readonly signer: { readonly publicKey: Uint8Array }
    readonly genesis: Genesis
    readonly slot: number
  },
  gone: Map<string, number> = new Map(),
): Promise<Claimable> {
  const { chain, signer, genesis, slot } = at
  const window = genesis.parameters.market?.claimWindowSlots
  if (window === undefined) return { claims: [], amount: 0n }
  for (const [name, until] of gone) if (until < slot) gone.delete(name)
  const oldest = slot - Number(window) + marginSlots
  const claims: ReceiptClaimItem[] = []
  let cursor: string | undefined
  for (let page = 0; page < pagesMax; page += 1) {
    const receipts = await chain.receiptsOf(addressOf(signer.publicKey), cursor)
    if (!receipts.ok) break
    for (const { authorisation, slot: settled } of receipts.value.items) {
      if (settled < oldest) return sumOf(claims)
      if (gone.has(authorisation)) continue
      const expiry = BigInt(settled) + window
      const name = fromHex(authorisation, 32)
      if (!name.ok) continue
      const amount = await chain.claimable(name.value, expiry)
      if (!amount.ok) return sumOf(claims)
      if (amount.value === undefined) gone.set(authorisation, Number(expiry))
      else claims.push({ authorisation: name.value, expiry, amount: amount.value })
      if (claims.length === receiptClaimsMax) return sumOf(claims)
    }
    cursor = receipts.value.next
    if (cursor === undefined) break
  }
  return sumOf(claims)
}

const sumOf = (claims: readonly ReceiptClaimItem[]): Claimable => ({
  claims,
  amount: claims.reduce((sum, { amount }) => sum + amount, 0n),
})

/** The floor: our own account is there, since a settlement has paid into it. */
function feeOf(
  signer: Signer,
  { parameters }: Genesis,
  claims: readonly ReceiptClaimItem[],
): bigint {
  const body = bodyOf(signer, claims, { nonce: 2n ** 40n, fee: 2n ** 40n, validUntil: 2n ** 40n })
  const size = transactionCoder.encode({ body, signature: new Uint8Array(64) }).length
  return feeFloor(parameters, { size, entries: 1 })
}

const bodyOf = (
  signer: Signer,
  claims: readonly ReceiptClaimItem[],
  rest: Pick<TransactionBody, 'nonce' | 'fee' | 'validUntil'>,
): TransactionBody => ({
  version: 1,
  sender: signer.publicKey,
  ...rest,
  message: { TAG: 'receipt_claim', data: { claims: [...claims] } },
})
