/**
 * The background: a service worker in Chromium, an event page in Firefox. It may be ended at any moment, so
 * it holds nothing but open ports, and every listener is in place before the first message is looked at.
 */
import type { VaultState } from '../../shared/vault/messages.ts'
import type { Vault } from '../../shared/vault/vault.ts'
import { browserApi, type Port, type Sender } from '../browser-api.ts'
import { errorCodes, fault, isFault, type PageAnswer, portName, readRequest } from '../wire.ts'
import { withStanding } from './activity.ts'
import { rejectAll, resumeSigned } from './approvals.ts'
import { keepSession, lockAlarm, openVault } from './keys.ts'
import { forgetTab, rememberTab, tellOrigin } from './news.ts'
import { standingOf } from './node.ts'
import { answerPanel, type PanelParts } from './panel.ts'
import { grantOf } from './permissions.ts'
import type { Ask } from './queue.ts'
import { type Caller, takeRequest } from './requests.ts'
import { createApprovalWindow } from './windows.ts'
import { openWorld } from './world.ts'
import '../../shared/light/jitless.ts'

const api = browserApi()
const world = openWorld(api.storage)
const approvalWindow = createApprovalWindow(api, world)
/** Open ports, for answers that come later. All that is lost with the background; relays come back. */
const ports = new Map<Port, Caller>()

const parts: Promise<PanelParts> = start()

async function start(): Promise<PanelParts> {
  const vault = await openVault(api, world, (state) => void tellAccounts(state))
  const made: PanelParts = {
    world,
    vault,
    nowMs: () => Date.now(),
    onDone,
    onConnected: async ({ origin, tabId }, address) => {
      await rememberTab(world, tabId, origin)
      const network = await world.network.read()
      const chainId = network && `0x${network.genesisHash}`
      await tellOrigin({ world, api }, origin, { event: 'connect', data: { chainId } })
      await tellOrigin({ world, api }, origin, { event: 'accountsChanged', data: [address] })
    },
    onRevoked: async (origin) => {
      await rejectAll(made, origin)
      await tellOrigin({ world, api }, origin, { event: 'accountsChanged', data: [] })
      const data = fault(errorCodes.disconnected, 'The user disconnected this site.')
      await tellOrigin({ world, api }, origin, { event: 'disconnect', data })
    },
    onNetwork: async (network) => {
      const data = `0x${network.genesisHash}`
      for (const { origin } of await world.permissions.read()) {
        await tellOrigin({ world, api }, origin, { event: 'chainChanged', data })
      }
    },
    showApproval: approvalWindow.refresh,
  }
  await resumeSigned(made)
  return made
}

async function onDone(ask: Ask): Promise<void> {
  if (ask.state !== 'done') return
  const answer: PageAnswer = { id: ask.id, ...ask.outcome }
  for (const [port, caller] of ports) {
    if (caller.origin === ask.origin) send(port, answer)
  }
  await approvalWindow.refresh()
  if (ask.wish.kind === 'transaction' && 'result' in ask.outcome) {
    void followSent(ask.origin, String(ask.outcome.result))
  }
}

const follow = { ms: 2_000, triesMax: 30 } as const

/** Tells a site when what it sent is final, for as long as the background lives. */
async function followSent(origin: string, hash: string): Promise<void> {
  for (let tries = 0; tries < follow.triesMax; tries++) {
    await new Promise((resolve) => setTimeout(resolve, follow.ms))
    const network = await world.network.read()
    const standing = network && (await standingOf(network, hash))
    if (standing?.status !== 'final') continue
    await world.activity.change((entries) => withStanding(entries, hash, standing))
    const data = { type: 'aitbc_transaction', data: { hash, ...standing } }
    return tellOrigin({ world, api }, origin, { event: 'message', data })
  }
}

api.runtime.onConnect.addListener((port) => {
  const caller = callerOf(port.sender)
  if (port.name !== portName || !caller) return port.disconnect()
  ports.set(port, caller)
  port.onDisconnect.addListener(() => ports.delete(port))
  port.onMessage.addListener((message) => void takeMessage(port, caller, message))
})

async function takeMessage(port: Port, caller: Caller, message: unknown): Promise<void> {
  const request = readRequest(message)
  if (isFault(request)) {
    const { id } = (message ?? {}) as { readonly id?: unknown }
    if (typeof id === 'string') send(port, { id, error: request })
    return
  }
  try {
    const { vault } = await parts
    const taken = await takeRequest(
      { world, vault, nowMs: () => Date.now(), onRevoked, onConnected },
      caller,
      request,
    )
    if ('answer' in taken) send(port, taken.answer)
    else await approvalWindow.refresh()
  } catch (error) {
    send(port, { id: request.id, error: fault(errorCodes.internal, String(error)) })
  }
}

const onRevoked = async (origin: string) => (await parts).onRevoked(origin)
const onConnected = ({ origin, tabId }: Caller) => rememberTab(world, tabId, origin)

/** A page in the main frame of a tab, by the browser's word. Frames get no wallet. */
function callerOf(sender: Sender | undefined): Caller | undefined {
  if (sender?.id !== api.runtime.id || sender?.frameId !== 0) return undefined
  const tabId = sender.tab?.id
  const url = sender.url !== undefined && URL.canParse(sender.url) ? new URL(sender.url) : undefined
  const origin = sender.origin ?? url?.origin
  if (tabId === undefined || origin === undefined || origin === 'null') return undefined
  return { origin, tabId }
}

function send(port: Port, answer: PageAnswer): void {
  try {
    port.postMessage(answer)
  } catch {
    // The page is gone; whoever comes back asks again under the same id.
    ports.delete(port)
  }
}

api.runtime.onMessage.addListener((message, sender, answer) => {
  // Only the extension's own windows: pages and relays have other addresses.
  const isOwn = sender.id === api.runtime.id && sender.url?.startsWith(api.runtime.getURL(''))
  if (!isOwn) return undefined
  const { panel, request } = message as { readonly panel?: unknown; readonly request?: unknown }
  void parts.then(async (made) => {
    const reply = await answerPanel(made, panel, request)
    await keepSession(api, world, made.vault)
    answer(reply)
  })
  return true
})

/** Tells every connected site which account it sees now: none while the wallet is locked. */
async function tellAccounts(state: VaultState): Promise<void> {
  const permissions = await world.permissions.read()
  const origins = new Set((await world.tabs.read()).map(({ origin }) => origin))
  for (const origin of origins) {
    const grant = grantOf(permissions, origin)
    const data = grant && state.phase === 'open' ? [grant.address] : []
    await tellOrigin({ world, api }, origin, { event: 'accountsChanged', data })
  }
}

api.alarms.onAlarm.addListener(({ name }) => {
  if (name === lockAlarm) void lockIfOver()
})

/** The alarm may be early by a moment, or late by a nap of the machine. */
async function lockIfOver(): Promise<void> {
  const { vault } = await parts
  const session = vault.session()
  const isOver = session === undefined || session.locksAtMs <= Date.now() + lockSlackMs
  if (session !== undefined && isOver) await lock(vault)
  // A background that was woken for this found the session over, and nobody has told the pages.
  if (session === undefined) await tellAccounts({ phase: 'locked', retryAtMs: undefined })
  await keepSession(api, world, vault)
}

const lockSlackMs = 1_000
const lock = (vault: Vault) => vault.handle('lock', {})

api.windows.onRemoved.addListener((windowId) => {
  void approvalWindow.wasClosed(windowId).then(async (isOurs) => {
    // Whoever closes the window has said no to what waits in it.
    if (isOurs) await rejectAll(await parts)
  })
})

api.tabs.onRemoved.addListener((tabId) => void forgetTab(world, tabId))

api.runtime.onInstalled.addListener(({ reason }) => {
  if (reason === 'install') {
    void api.tabs.create({ url: api.runtime.getURL('wallet.html') })
  }
})
