/**
 * What a person is shown before anything is signed, and what happens when they decide. What is signed is
 * what was shown: the window sends back the preview that it drew, and only the same one is signed.
 */
import { formatCoins } from '../../../core/base/amount.ts'
import { type MessageRisk, previewMessage } from '../../../core/wallet/preview-message.ts'
import type { MessagePreview, TransactionPreview, VaultState } from '../../shared/vault/messages.ts'
import type { Vault } from '../../shared/vault/vault.ts'
import { errorCodes, fault, type WalletFault } from '../wire.ts'
import { paidBefore, withEntry, withStanding } from './activity.ts'
import { accountFigures, currentSlot, type Network, submit } from './node.ts'
import { withGrant } from './permissions.ts'
import {
  type Ask,
  askOf,
  type PreparedDraft,
  waitingAsks,
  withChange,
  withOutcome,
} from './queue.ts'
import type { World } from './world.ts'

/** Without the token: whoever shows it cannot sign with it. */
export type Shown =
  | { readonly kind: 'transaction'; readonly preview: Omit<TransactionPreview, 'token'> }
  | { readonly kind: 'message'; readonly preview: Omit<MessagePreview, 'token'> }

/** The oldest request that waits, as the window draws it. */
export type ApprovalView = {
  readonly origin: string
  readonly id: string
  readonly kind: Ask['wish']['kind']
  /** How many wait, this one included, and how many of them are of this origin. */
  readonly waiting: number
  readonly waitingOfOrigin: number
  readonly vault: VaultState
  readonly network: Pick<Network, 'site' | 'chainId' | 'genesisHash'> | undefined
  /** Account that would be connected, or that signs. */
  readonly account: string | undefined
  /** What to think of about who asks, worst first. */
  readonly originRisks: readonly MessageRisk[]
  /** Absent while the vault is locked, for a connection, and where `fault` says why. */
  readonly shown?: Shown
  readonly fault?: string
}

export type Decision = {
  readonly origin: string
  readonly id: string
  readonly approve: boolean
  /** The preview that was drawn, as JSON; for a connection the account. */
  readonly shown?: string
  readonly account?: string
}

export type ApprovalParts = {
  readonly world: World
  readonly vault: Vault
  readonly nowMs: () => number
  /** A request is done: its pages get the answer. */
  readonly onDone: (ask: Ask) => Promise<void>
  readonly onConnected: (ask: Ask, address: string) => Promise<void>
}

/** Slots for which a transaction stays valid, and how few may be left when it is signed. */
const validity = { slots: 300, slotsLeftMin: 60 } as const

/** Undefined when nothing waits. */
export async function viewOf(parts: ApprovalParts): Promise<ApprovalView | undefined> {
  const waiting = waitingAsks(await parts.world.queue.read())
  const ask = waiting[0]
  if (!ask) return undefined
  const { origin, id, wish } = ask
  const state = await parts.vault.handle('state', {})
  const vault: VaultState = state.ok ? state.value : { phase: 'none' }
  const network = await parts.world.network.read()
  const base = {
    origin,
    id,
    kind: wish.kind,
    waiting: waiting.length,
    waitingOfOrigin: waiting.filter((other) => other.origin === origin).length,
    vault,
    network: network && {
      site: network.site,
      chainId: network.chainId,
      genesisHash: network.genesisHash,
    },
    account: wish.kind === 'connect' ? await parts.world.selected.read() : wish.account,
    originRisks: await originRisksOf(parts, origin),
  }
  if (vault.phase !== 'open' || wish.kind === 'connect') return base
  if (!network) return { ...base, fault: 'This wallet has no network yet.' }
  const prepared = await prepare(parts, ask, network)
  if ('fault' in prepared) return { ...base, fault: prepared.fault }
  const { token: _token, ...preview } = prepared.preview
  return { ...base, shown: { kind: wish.kind, preview } as Shown }
}

/** What the core sees in the origin of any request: no encryption, letters and names that look alike. */
async function originRisksOf(
  { world }: ApprovalParts,
  origin: string,
): Promise<readonly MessageRisk[]> {
  const knownOrigins = (await world.permissions.read()).map((grant) => grant.origin)
  return previewMessage({ origin, text: '', requester: origin, knownOrigins, knownTexts: [] }).risks
}

/** Does what the person decided. Returns what they must know instead, where it was not done. */
export async function decide(
  parts: ApprovalParts,
  decision: Decision,
): Promise<string | undefined> {
  const ask = askOf(await parts.world.queue.read(), decision)
  if (ask?.state !== 'waiting') return 'This request was dealt with already.'
  if (!decision.approve) {
    const error = fault(errorCodes.rejected, 'The user rejected the request.')
    await finish(parts, ask, { error })
    return undefined
  }
  if (ask.wish.kind === 'connect') return connect(parts, ask, decision.account)
  const network = await parts.world.network.read()
  if (!network) return 'This wallet has no network yet.'
  const prepared = await prepare(parts, ask, network)
  if ('fault' in prepared) return prepared.fault
  const { token, ...preview } = prepared.preview
  if (JSON.stringify(preview) !== decision.shown) {
    return 'What would be signed has changed meanwhile. Look at it again.'
  }
  return ask.wish.kind === 'message'
    ? signMessage(parts, { ask, token, network })
    : signTransaction(parts, { ask, token, network })
}

/** Rejects everything that waits, or all of one origin. */
export async function rejectAll(parts: ApprovalParts, origin?: string): Promise<void> {
  for (const ask of waitingAsks(await parts.world.queue.read())) {
    if (origin !== undefined && ask.origin !== origin) continue
    await finish(parts, ask, {
      error: fault(errorCodes.rejected, 'The user rejected the request.'),
    })
  }
}

/** Sends what was signed before the background died: the same bytes, which the chain takes once. */
export async function resumeSigned(parts: ApprovalParts): Promise<void> {
  const network = await parts.world.network.read()
  for (const ask of (await parts.world.queue.read()).asks) {
    if (ask.state === 'signed' && network) await broadcast(parts, ask, network)
  }
}

async function connect(
  parts: ApprovalParts,
  ask: Ask,
  address: string | undefined,
): Promise<string | undefined> {
  const state = await parts.vault.handle('touch', {})
  if (!state.ok || state.value.phase !== 'open') return 'The wallet is locked.'
  if (!state.value.accounts.some((account) => account.address === address) || !address) {
    return 'Choose an account.'
  }
  const { origin } = ask
  const grant = { origin, address, sinceMs: parts.nowMs() }
  await parts.world.permissions.change((before) => withGrant(before, grant))
  await parts.onConnected(ask, address)
  await finish(parts, ask, { result: [address] })
  return undefined
}

type Signing = { readonly ask: Ask; readonly token: string; readonly network: Network }

async function signMessage(parts: ApprovalParts, { ask, token, network }: Signing) {
  const signed = await parts.vault.handle('signMessage', { token })
  if (!signed.ok) return signed.error.message
  if (ask.wish.kind !== 'message') return undefined
  const { account, text } = ask.wish
  const signature = `0x${signed.value.signature.replace(/^0x/, '')}`
  const { origin } = ask
  await parts.world.activity.change((entries) =>
    withEntry(entries, {
      kind: 'message',
      atMs: parts.nowMs(),
      origin,
      account,
      chainId: network.chainId,
      text,
      signature,
    }),
  )
  const publicKey = `0x${signed.value.publicKey.replace(/^0x/, '')}`
  const genesisHash = `0x${network.genesisHash}`
  await finish(parts, ask, {
    result: { signature, publicKey, address: account, origin, genesisHash },
  })
  return undefined
}

async function signTransaction(parts: ApprovalParts, { ask, token, network }: Signing) {
  const signed = await parts.vault.handle('signTransaction', { token })
  if (!signed.ok) return signed.error.message
  const { bytes, hash } = signed.value
  // Written down before it is sent: whoever comes back to life sends these bytes and no others.
  const queue = await parts.world.queue.change((before) =>
    withChange(before, ask, (known) => ({ ...known, state: 'signed', bytes, hash })),
  )
  const kept = askOf(queue, ask)
  if (kept?.state === 'signed') await broadcast(parts, kept, network)
  return undefined
}

async function broadcast(
  parts: ApprovalParts,
  ask: Extract<Ask, { state: 'signed' }>,
  network: Network,
): Promise<void> {
  const { wish, origin, hash } = ask
  if (wish.kind !== 'transaction') return
  const { activity } = parts.world
  await activity.change((entries) =>
    withEntry(entries, {
      kind: 'transaction',
      atMs: parts.nowMs(),
      origin,
      account: wish.account,
      chainId: network.chainId,
      hash,
      summary: summaryOf(wish.message),
      ...(wish.message.kind === 'transfer' && { to: wish.message.to }),
      standing: { status: 'unknown' },
    }),
  )
  const sent = await submit(network, ask.bytes)
  if (sent.ok) {
    await activity.change((entries) => withStanding(entries, hash, { status: 'pending' }))
    await finish(parts, ask, { result: hash })
    return
  }
  const isRefused = sent.error.code === 'REFUSED'
  if (isRefused) {
    const standing = { status: 'unknown', outcome: 'refused' } as const
    await activity.change((entries) => withStanding(entries, hash, standing))
  }
  const error = isRefused
    ? fault(errorCodes.internal, `The chain refused it, nothing was paid: ${sent.error.message}`)
    : fault(
        errorCodes.chainDisconnected,
        `Signed, but nobody knows whether it arrived: look for ${hash} before sending again.`,
        { hash },
      )
  await finish(parts, ask, { error })
}

async function finish(
  parts: ApprovalParts,
  ask: Ask,
  outcome: { readonly result: unknown } | { readonly error: WalletFault },
): Promise<void> {
  const queue = await parts.world.queue.change((before) =>
    withOutcome(before, ask, outcome, parts.nowMs()),
  )
  const done = askOf(queue, ask)
  if (done) await parts.onDone(done)
}

type Prepared =
  | { readonly preview: TransactionPreview | MessagePreview }
  | { readonly fault: string }

/** The preview by the vault; the draft of a transaction is fixed with the first one. */
async function prepare(parts: ApprovalParts, ask: Ask, network: Network): Promise<Prepared> {
  const { wish } = ask
  const { genesis } = network
  if (wish.kind === 'connect') return { fault: 'A connection signs nothing.' }
  if (wish.kind === 'message') {
    const { account, text } = wish
    const { origin } = ask
    const draft = { account, genesis, origin, text }
    const preview = await parts.vault.handle('previewMessage', draft)
    return preview.ok ? { preview: preview.value } : { fault: preview.error.message }
  }
  const draft = await draftOf(parts, ask, network)
  if ('fault' in draft) return draft
  const preview = await parts.vault.handle('previewTransaction', { ...draft.draft, genesis })
  return preview.ok ? { preview: preview.value } : { fault: preview.error.message }
}

async function draftOf(
  parts: ApprovalParts,
  ask: Ask,
  network: Network,
): Promise<{ readonly draft: PreparedDraft } | { readonly fault: string }> {
  const { wish } = ask
  if (wish.kind !== 'transaction') return { fault: 'Nothing to send.' }
  const slot = await currentSlot(network)
  if (!slot.ok) return { fault: slot.error.message }
  const figures = await accountFigures(network, wish.account)
  if (!figures.ok) return { fault: figures.error.message }
  const { nextNonce: nonce } = figures.value
  const known = ask.draft
  const isFresh =
    known?.nonce === nonce && Number(known.validUntil) - slot.value >= validity.slotsLeftMin
  if (known && isFresh) return { draft: known }
  const { account, message, fee } = wish
  const validUntil = String(slot.value + validity.slots)
  const context = {
    slot: String(slot.value),
    balance: figures.value.balance,
    nextNonce: nonce,
    names: paidBefore(await parts.world.activity.read()),
  }
  const draft = { account, nonce, validUntil, message, context, ...(fee !== undefined && { fee }) }
  await parts.world.queue.change((before) =>
    withChange(before, ask, (kept) => ({ ...kept, draft })),
  )
  return { draft }
}

/** One line for the activity list. */
export const summaryOf = (message: PreparedDraft['message']): string =>
  message.kind === 'transfer'
    ? `Send ${formatCoins(BigInt(message.amount))} AITBC to ${message.to}`
    : message.kind.replaceAll('_', ' ').replace(/^./, (letter) => letter.toUpperCase())
