/** Commands of a miner's key: its stake, and the protocol rewards of its settled jobs. */
import * as z from 'zod'
import { readBond, readClaimable } from '../core/api/rpc-read.ts'
import { formatCoins } from '../core/base/amount.ts'
import { fromHex } from '../core/base/bytes.ts'
import type { MarketParameters } from '../core/chain/genesis.ts'
import { receiptClaimsMax } from '../core/chain/limits.ts'
import type { ReceiptClaimItem } from '../core/chain/messages/receipt-claim.ts'
import type { Message } from '../core/chain/transaction.ts'
import type { BondView, ClaimableView } from '../core/chain/views.ts'
import { addressOf, formatAddress } from '../core/crypto/address.ts'
import { ClientFault, exitCodes } from './exit-codes.ts'
import { slotNow } from './transactions.ts'
import { type CheckedSender, openSender, sendMessage } from './wallet-chain.ts'
import type { Sending, WalletAction } from './wallet-options.ts'
import type { WalletRun } from './wallet-run.ts'

/** Slots that a claim needs to get into a block: one that lapses sooner would take the others with it. */
const marginSlots = 60

/** Stakes coins on what the key signs. */
export async function bondCoins(
  run: WalletRun,
  action: Extract<WalletAction, { readonly kind: 'bond' }>,
): Promise<void> {
  const { amount } = action
  const message: Message = { TAG: 'bond', data: { amount } }
  const given = { ...action, message, what: 'the bond' }
  await sendMessage(run, await openSender(run), given, { amount: String(amount) })
}

/** Starts the notice of the stake, or takes it back once that has passed. */
export async function unbondCoins(run: WalletRun, sending: Sending): Promise<void> {
  const sender = await openSender(run)
  const owner = addressOf(sender.signer.publicKey)
  const bond = await bondOf(sender, owner)
  if (!bond) {
    throw new ClientFault(exitCodes.notFound, 'BOND_UNKNOWN', 'this key has no bond')
  }
  const leaves = bond.leavesAtSlot
  const now = slotNow(sender)
  if (leaves !== undefined && now < leaves) {
    const message = `asked for already: it can be taken from slot ${leaves}, now is ${now}`
    throw new ClientFault(exitCodes.conflict, 'NOTICE_RUNNING', message)
  }
  const what = leaves === undefined ? 'the notice' : 'the payment'
  const message: Message = { TAG: 'unbond', data: { owner } }
  const fields = { amount: String(bond.amount), paid: leaves !== undefined }
  await sendMessage(run, sender, { ...sending, message, what }, fields)
  const after = leaves === undefined ? await bondOf(sender, owner) : undefined
  if (after?.leavesAtSlot !== undefined) {
    run.say(`call it again from slot ${after.leavesAtSlot} on to take ${formatCoins(bond.amount)}`)
  }
}

/** Claims what can still be claimed, as much as one transaction holds. */
export async function claimRewards(run: WalletRun, sending: Sending): Promise<void> {
  const sender = await openSender(run)
  const { market } = sender.genesis.parameters
  if (!market) {
    const message = 'the genesis of this chain has no rewards'
    throw new ClientFault(exitCodes.conflict, 'KIND_NOT_ALLOWED', message)
  }
  const claims = await claimsOf(sender, market)
  const amount = claims.reduce((sum, claim) => sum + claim.amount, 0n)
  if (claims.length === 0) {
    run.print({ ok: true, claims: 0, amount: '0' }, ['nothing to be claimed'])
    return
  }
  const message: Message = { TAG: 'receipt_claim', data: { claims } }
  const fields = { claims: claims.length, amount: String(amount) }
  await sendMessage(run, sender, { ...sending, message, what: 'the claim' }, fields)
}

const receiptPage = z.object({
  items: z.array(
    z.object({ authorisation: z.string(), slot: z.int().min(0), final: z.boolean().optional() }),
  ),
  next_cursor: z.string().nullable(),
})

/** The newest receipts that the chain still has a claim for, oldest last. */
async function claimsOf(
  sender: CheckedSender,
  { claimWindowSlots }: MarketParameters,
): Promise<ReceiptClaimItem[]> {
  const miner = formatAddress(addressOf(sender.signer.publicKey))
  const oldest = slotNow(sender) - Number(claimWindowSlots) + marginSlots
  const claims: ReceiptClaimItem[] = []
  let cursor = ''
  while (claims.length < receiptClaimsMax) {
    const target = `/api/v1/chain/receipts?miner=${miner}&limit=100${cursor}`
    const page = receiptPage.safeParse(await sender.site.json({ target }))
    if (!page.success) throw malformed(target)
    for (const { authorisation, slot } of page.data.items) {
      if (slot < oldest) return claims
      const name = fromHex(authorisation, 32)
      if (!name.ok) throw malformed(target)
      const expiry = BigInt(slot) + claimWindowSlots
      const found = await claimableOf(sender, { authorisation, expiry })
      if (found) claims.push({ authorisation: name.value, expiry, amount: found.amount })
      if (claims.length === receiptClaimsMax) break
    }
    if (page.data.next_cursor === null) break
    cursor = `&cursor=${page.data.next_cursor}`
  }
  return claims
}

const bondOf = (sender: CheckedSender, owner: Uint8Array): Promise<BondView | undefined> =>
  found(sender, `/rpc/bond/${formatAddress(owner)}`, readBond)

const claimableOf = (
  sender: CheckedSender,
  { authorisation, expiry }: { readonly authorisation: string; readonly expiry: bigint },
): Promise<ClaimableView | undefined> =>
  found(sender, `/rpc/claimable/${authorisation}?expiry=${expiry}`, readClaimable)

/** What a site has under a name; undefined where it has nothing. */
async function found<T>(
  { site }: CheckedSender,
  target: string,
  read: (json: unknown) => { readonly ok: true; readonly value: T } | { readonly ok: false },
): Promise<T | undefined> {
  let json: unknown
  try {
    json = await site.json({ target })
  } catch (error) {
    if (error instanceof ClientFault && error.exitCode === exitCodes.notFound) return undefined
    throw error
  }
  const value = read(json)
  if (value.ok) return value.value
  throw malformed(target)
}

const malformed = (target: string): ClientFault =>
  new ClientFault(exitCodes.server, 'ANSWER_INVALID', `${target}: the answer is malformed`)
