/**
 * The way of a page's request: known already → allow-list → permitted → answered from what is known, or
 * shown to a person. Each step answers, or lets the next one look. Rules in ../SPEC.md.
 */
import type { Vault } from '../../shared/vault/vault.ts'
import { errorCodes, fault, isFault, type PageAnswer, type PageRequest } from '../wire.ts'
import { type Call, readCall } from './methods.ts'
import { accountFigures, currentSlot } from './node.ts'
import {
  type Grant,
  grantOf,
  isPermittedOrigin,
  permissionList,
  withoutGrant,
} from './permissions.ts'
import { answerOf, askOf, refusalOf, type Wish, withAsk } from './queue.ts'
import type { World } from './world.ts'

/** Who asks, in the browser's words: never what the page says of itself. */
export type Caller = { readonly origin: string; readonly tabId: number }

export type RequestParts = {
  readonly world: World
  readonly vault: Vault
  readonly nowMs: () => number
  /** An origin is no longer connected. */
  readonly onRevoked: (origin: string) => Promise<void>
  /** A page of this origin is connected and wants to hear of changes. */
  readonly onConnected: (caller: Caller) => Promise<void>
}

/** What became of a request: its answer, or that a person must look first. */
export type Taken = { readonly answer: PageAnswer } | { readonly later: true }

type Visit = {
  readonly parts: RequestParts
  readonly caller: Caller
  readonly request: PageRequest
  readonly call: Call
  readonly grant: Grant | undefined
}

type Outcome = { readonly result: unknown } | { readonly error: ReturnType<typeof fault> }
type Step = (visit: Visit) => Promise<Outcome | Wish | undefined>

/** In this order. */
const steps: readonly Step[] = [
  answerWithoutPermission,
  requirePermission,
  answerWithPermission,
  ask,
]

export async function takeRequest(
  parts: RequestParts,
  caller: Caller,
  request: PageRequest,
): Promise<Taken> {
  const { id } = request
  const answered = (outcome: Outcome): Taken => ({ answer: { id, ...outcome } })
  if (!isPermittedOrigin(caller.origin)) {
    return answered(refused(errorCodes.unauthorised, 'This page may not have a wallet.'))
  }
  const known = askOf(await parts.world.queue.read(), { origin: caller.origin, id })
  if (known) {
    const answer = answerOf(known)
    return answer ? { answer } : { later: true }
  }
  const call = readCall(request.method, request.params)
  if (isFault(call)) return answered({ error: call })
  const grant = grantOf(await parts.world.permissions.read(), caller.origin)
  if (grant) await parts.onConnected(caller)
  const visit: Visit = { parts, caller, request, call, grant }
  for (const step of steps) {
    const found = await step(visit)
    if (found === undefined) continue
    if (!('kind' in found)) return answered(found)
    const refusal = await queueUp(visit, found)
    return refusal ? answered(refusal) : { later: true }
  }
  return answered(refused(errorCodes.internal, 'Nobody answered.'))
}

/** What any page may ask: it learns nothing about the person but that there is a wallet. */
async function answerWithoutPermission({ parts, caller, call, grant }: Visit) {
  switch (call.kind) {
    case 'accounts':
      return { result: await visibleAccounts(parts.vault, grant) }
    case 'getPermissions':
      return { result: permissionList(grant) }
    case 'revokePermissions':
      await parts.world.permissions.change((before) => withoutGrant(before, caller.origin))
      if (grant) await parts.onRevoked(caller.origin)
      return { result: null }
    case 'requestAccounts': {
      const accounts = await visibleAccounts(parts.vault, grant)
      return accounts.length > 0 ? { result: accounts } : ({ kind: 'connect' } as const)
    }
    default:
      return undefined
  }
}

async function requirePermission({ call, grant }: Visit) {
  if (!grant) return refused(errorCodes.unauthorised, 'Call aitbc_requestAccounts first.')
  const named =
    call.kind === 'signMessage'
      ? call.address
      : call.kind === 'sendTransaction'
        ? call.from
        : undefined
  return named === undefined || named === grant.address
    ? undefined
    : refused(errorCodes.unauthorised, 'This site may use another account only.')
}

async function answerWithPermission({ parts, call, grant }: Visit) {
  const network = await parts.world.network.read()
  if (!network || !grant) {
    return refused(errorCodes.disconnected, 'This wallet has no network yet.')
  }
  if (call.kind === 'chainId') return { result: `0x${network.genesisHash}` }
  if (call.kind !== 'getBalance') return undefined
  const slot = await currentSlot(network)
  if (!slot.ok) return refused(errorCodes.chainDisconnected, slot.error.message)
  const figures = await accountFigures(network, call.address ?? grant.address)
  return figures.ok
    ? { result: figures.value.balance }
    : refused(errorCodes.chainDisconnected, figures.error.message)
}

async function ask({ call, grant }: Visit): Promise<Wish | undefined> {
  const account = grant?.address ?? ''
  if (call.kind === 'signMessage') return { kind: 'message', account, text: call.text }
  if (call.kind !== 'sendTransaction') return undefined
  return { kind: 'transaction', account, message: call.message, fee: call.fee }
}

/** Puts it before the person, unless the origin has too much there already. */
async function queueUp(
  { parts, caller, request }: Visit,
  wish: Wish,
): Promise<Outcome | undefined> {
  const { origin, tabId } = caller
  const atMs = parts.nowMs()
  let refusal: ReturnType<typeof fault> | undefined
  await parts.world.queue.change((queue) => {
    if (askOf(queue, { origin, id: request.id })) return queue
    refusal = refusalOf(queue, origin, atMs)
    return refusal
      ? queue
      : withAsk(queue, { origin, id: request.id, tabId, atMs, wish, state: 'waiting' })
  })
  return refusal && { error: refusal }
}

/** The account that a site sees: none while the vault is locked. */
async function visibleAccounts(vault: Vault, grant: Grant | undefined): Promise<readonly string[]> {
  if (!grant) return []
  const state = await vault.handle('state', {})
  const isOpen = state.ok && state.value.phase === 'open'
  return isOpen ? [grant.address] : []
}

const refused = (code: number, message: string) => ({ error: fault(code, message) })
