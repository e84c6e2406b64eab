/** What the extension's own windows ask the background: one table, answers as plain data. */
import type { VaultCall, VaultCalls, VaultState } from '../shared/vault/messages.ts'
import type { Activity } from './background/activity.ts'
import type { ApprovalView, Decision } from './background/approvals.ts'
import type { Network } from './background/node.ts'
import type { Grant } from './background/permissions.ts'
import { browserApi } from './browser-api.ts'

/** A network as it is shown; the genesis stays in the background. */
export type NetworkView = Pick<Network, 'site' | 'chainId' | 'genesisHash'>

export type PanelState = {
  readonly vault: VaultState
  readonly network: NetworkView | undefined
  readonly selected: string | undefined
  /** Requests of sites that wait. */
  readonly waiting: number
}

export type SendPreview = VaultCalls['previewTransaction']['answer']

type Nothing = Record<never, never>

export type PanelCalls = {
  state: { request: Nothing; answer: PanelState }
  vault: {
    request: { readonly call: VaultCall; readonly request: unknown }
    answer: unknown
  }
  select: { request: { readonly address: string }; answer: PanelState }
  /** What a site says of its chain, for a person to compare. Nothing is kept. */
  meet: { request: { readonly address: string }; answer: NetworkView }
  /** Pins the network, if the site still says the same. */
  trust: { request: NetworkView; answer: PanelState }
  balance: { request: { readonly address: string }; answer: { readonly balance: string } }
  prepareSend: {
    request: { readonly account: string; readonly to: string; readonly amount: string }
    answer: SendPreview
  }
  confirmSend: { request: { readonly token: string }; answer: { readonly hash: string } }
  sites: { request: Nothing; answer: readonly Grant[] }
  revoke: { request: { readonly origin: string }; answer: readonly Grant[] }
  activity: { request: Nothing; answer: readonly Activity[] }
  /** Opens the approval window, or brings it to the front. */
  review: { request: Nothing; answer: null }
  view: { request: Nothing; answer: ApprovalView | null }
  /** `notDone`: what the person must know, where it was not done. */
  decide: { request: Decision; answer: { readonly notDone: string | null } }
  rejectAll: { request: { readonly origin?: string }; answer: null }
}

export type PanelCall = keyof PanelCalls

export type PanelRequest = {
  [C in PanelCall]: { readonly panel: C; readonly request: PanelCalls[C]['request'] }
}[PanelCall]

export type PanelReply =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly code: string; readonly message: string }

/** Why the background did not do it; the message is for people. */
export class PanelError extends Error {
  readonly code: string

  constructor(code: string, message: string) {
    super(message)
    this.code = code
  }
}

/** Asks the background; it may have died since the last call, and is then started by this one. */
export async function ask<C extends PanelCall>(
  panel: C,
  request: PanelCalls[C]['request'],
): Promise<PanelCalls[C]['answer']> {
  const triesMax = repeatable.has(panel) ? 3 : 1
  for (let tries = 1; ; tries++) {
    const reply = await send({ panel, request })
    if (reply?.ok) return reply.value as PanelCalls[C]['answer']
    if (reply) throw new PanelError(reply.code, reply.message)
    if (tries === triesMax) {
      throw new PanelError('BROKEN', 'The background of the extension ended. Try again.')
    }
  }
}

/** Undefined when the background died before it answered. */
const send = (message: unknown): Promise<PanelReply | undefined> =>
  browserApi()
    .runtime.sendMessage(message)
    .then(
      (reply) => (reply ?? undefined) as PanelReply | undefined,
      () => undefined,
    )

/** Calls that may be made twice: a request that was decided is decided once. */
const repeatable: ReadonlySet<PanelCall> = new Set([
  'state',
  'view',
  'decide',
  'balance',
  'sites',
  'activity',
  'review',
  'rejectAll',
])

/** Asks the vault. */
export const askVault = <C extends VaultCall>(
  call: C,
  request: VaultCalls[C]['request'],
): Promise<VaultCalls[C]['answer']> =>
  ask('vault', { call, request }) as Promise<VaultCalls[C]['answer']>
