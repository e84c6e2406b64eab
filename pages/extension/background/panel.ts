/** Answers the extension's own windows. */
import { formatCoins } from '../../../core/base/amount.ts'
import { fromHex } from '../../../core/base/bytes.ts'
import type { Result } from '../../../core/base/result.ts'
import { decodeTransaction } from '../../../core/chain/transaction.ts'
import { addressOf, formatAddress } from '../../../core/crypto/address.ts'
import type { VaultCall, VaultCalls } from '../../shared/vault/messages.ts'
import type { NetworkView, PanelCall, PanelCalls, PanelReply, PanelState } from '../panel-calls.ts'
import { paidBefore, unsettled, withEntry, withStanding } from './activity.ts'
import { type ApprovalParts, decide, rejectAll, viewOf } from './approvals.ts'
import {
  accountFigures,
  currentSlot,
  meetNetwork,
  type Network,
  standingOf,
  submit,
} from './node.ts'
import { withoutGrant } from './permissions.ts'
import { waitingAsks } from './queue.ts'

/** What approvals need, and what the windows do besides. */
export type PanelParts = ApprovalParts & {
  readonly onRevoked: (origin: string) => Promise<void>
  readonly onNetwork: (network: Network) => Promise<void>
  readonly showApproval: () => Promise<void>
}

class Refusal extends Error {
  readonly code: string
  constructor(code: string, message: string) {
    super(message)
    this.code = code
  }
}

type Handlers = {
  [C in PanelCall]: (
    parts: PanelParts,
    request: PanelCalls[C]['request'],
  ) => Promise<PanelCalls[C]['answer']>
}

/** Slots for which a payment of the person's own stays valid: ten minutes. */
const ownValiditySlots = 300

const handlers: Handlers = {
  state: stateOf,
  vault: async ({ vault }, { call, request }) =>
    valueIn(await vault.handle(call, request as VaultCalls[VaultCall]['request'])),
  select: async (parts, { address }) => {
    await parts.world.selected.change(() => address)
    return stateOf(parts)
  },
  meet: async (_parts, { address }) => viewOfNetwork(valueIn(await meetNetwork(address))),
  trust: async (parts, wanted) => {
    const network = valueIn(await meetNetwork(wanted.site))
    if (network.genesisHash !== wanted.genesisHash) {
      throw new Refusal('WRONG_CHAIN', 'The site now says something else. Look again.')
    }
    await parts.world.network.change(() => network)
    await parts.onNetwork(network)
    return stateOf(parts)
  },
  balance: async (parts, { address }) => {
    const network = await networkOf(parts)
    valueIn(await currentSlot(network))
    return { balance: valueIn(await accountFigures(network, address)).balance }
  },
  prepareSend,
  confirmSend,
  sites: ({ world }) => world.permissions.read(),
  revoke: async (parts, { origin }) => {
    const left = await parts.world.permissions.change((before) => withoutGrant(before, origin))
    await parts.onRevoked(origin)
    return left
  },
  activity: async (parts) => {
    const { activity } = parts.world
    const network = await parts.world.network.read()
    for (const hash of network ? unsettled(await activity.read()) : []) {
      const standing = await standingOf(network as Network, hash)
      if (standing.status === 'unknown') continue
      await activity.change((entries) => withStanding(entries, hash, standing))
    }
    return activity.read()
  },
  review: async (parts) => {
    await parts.showApproval()
    return null
  },
  view: async (parts) => (await viewOf(parts)) ?? null,
  decide: async (parts, decision) => ({ notDone: (await decide(parts, decision)) ?? null }),
  rejectAll: async (parts, { origin }) => {
    await rejectAll(parts, origin)
    return null
  },
}

/** Never rejects. */
export async function answerPanel(
  parts: PanelParts,
  panel: unknown,
  request: unknown,
): Promise<PanelReply> {
  const handler = Object.hasOwn(handlers, String(panel))
    ? (handlers[panel as PanelCall] as (parts: PanelParts, request: unknown) => Promise<unknown>)
    : undefined
  if (!handler) return { ok: false, code: 'BROKEN', message: 'There is no such call.' }
  try {
    return { ok: true, value: await handler(parts, request) }
  } catch (error) {
    const { code, message } = error as Partial<Refusal>
    return { ok: false, code: code ?? 'BROKEN', message: message ?? String(error) }
  }
}

async function stateOf(parts: PanelParts): Promise<PanelState> {
  const vault = valueIn(await parts.vault.handle('state', {}))
  const network = await parts.world.network.read()
  const chosen = await parts.world.selected.read()
  const accounts = vault.phase === 'open' ? vault.accounts.map(({ address }) => address) : []
  return {
    vault,
    network: network && viewOfNetwork(network),
    selected: accounts.find((address) => address === chosen) ?? accounts[0] ?? chosen,
    waiting: waitingAsks(await parts.world.queue.read()).length,
  }
}

async function prepareSend(
  parts: PanelParts,
  { account, to, amount }: PanelCalls['prepareSend']['request'],
): Promise<PanelCalls['prepareSend']['answer']> {
  const network = await networkOf(parts)
  const slot = valueIn(await currentSlot(network))
  const { balance, nextNonce: nonce } = valueIn(await accountFigures(network, account))
  const preview = await parts.vault.handle('previewTransaction', {
    account,
    genesis: network.genesis,
    nonce,
    validUntil: String(slot + ownValiditySlots),
    message: { kind: 'transfer', to, amount },
    context: {
      slot: String(slot),
      balance,
      nextNonce: nonce,
      names: paidBefore(await parts.world.activity.read()),
    },
  })
  return valueIn(preview)
}

async function confirmSend(
  parts: PanelParts,
  { token }: { readonly token: string },
): Promise<{ readonly hash: string }> {
  const network = await networkOf(parts)
  const { bytes, hash } = valueIn(await parts.vault.handle('signTransaction', { token }))
  const decoded = decodedOf(bytes)
  await parts.world.activity.change((entries) =>
    withEntry(entries, {
      kind: 'transaction',
      atMs: parts.nowMs(),
      origin: ownOrigin,
      ...decoded,
      chainId: network.chainId,
      hash,
      standing: { status: 'unknown' },
    }),
  )
  const sent = await submit(network, bytes)
  const standing = sent.ok
    ? ({ status: 'pending' } as const)
    : ({ status: 'unknown', outcome: sent.error.code === 'REFUSED' ? 'refused' : '' } as const)
  await parts.world.activity.change((entries) => withStanding(entries, hash, standing))
  valueIn(sent)
  return { hash }
}

/** Who pays whom, read back from what was signed. */
function decodedOf(bytes: string): {
  readonly account: string
  readonly summary: string
  readonly to?: string
} {
  const raw = fromHex(bytes)
  const decoded = raw.ok ? decodeTransaction(raw.value) : undefined
  if (!decoded?.ok) throw new Refusal('BROKEN', 'What was signed cannot be read.')
  const { sender, message } = decoded.value.body
  const account = formatAddress(addressOf(sender))
  if (message.TAG !== 'transfer') return { account, summary: message.TAG.replaceAll('_', ' ') }
  const { to, amount } = message.data
  const payee = formatAddress(to)
  return { account, to: payee, summary: `Send ${formatCoins(amount)} AITBC to ${payee}` }
}

/** Stands in the activity where nobody but the person asked. */
export const ownOrigin = 'this wallet'

async function networkOf({ world }: PanelParts): Promise<Network> {
  const network = await world.network.read()
  if (!network) throw new Refusal('NO_NETWORK', 'Choose the network first.')
  return network
}

const viewOfNetwork = ({ site, chainId, genesisHash }: Network): NetworkView => ({
  site,
  chainId,
  genesisHash,
})

function valueIn<T>(result: Result<T, { readonly code: string; readonly message: string }>): T {
  if (!result.ok) throw new Refusal(result.error.code, result.error.message)
  return result.value
}
