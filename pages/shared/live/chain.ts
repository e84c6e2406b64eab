/**
 * The chain as this page knows it: status and newest blocks, kept fresh by the block socket, by polling
 * where the socket is not there, and dated, so that old figures can say how old they are.
 */
import { batch, computed, effect, signal } from '@preact/signals'
import { nowMs, paused } from './clock.ts'
import { getJson, type RequestFailure } from './request.ts'
import { type BlockSummary, blockList, type ChainStatus, chainStatus } from './schemas.ts'

/** How news arrive. `lost`: neither socket nor polling has worked lately. */
export type Link = 'connecting' | 'live' | 'polling' | 'lost'

export const status = signal<ChainStatus | undefined>(undefined)
/** When `status` and `recentBlocks` were last confirmed by the site; 0 before the first time. */
export const freshAtMs = signal(0)
/** Newest first, one a height. */
export const recentBlocks = signal<readonly BlockSummary[]>([])
export const link = signal<Link>('connecting')
export const failure = signal<RequestFailure | undefined>(undefined)

/** Slot by the site's clock, carried on by ours since the last answer. */
export const slotNow = computed(() => {
  const known = status.value
  if (!known) return undefined
  const elapsedMs = Math.max(0, nowMs.value - freshAtMs.value)
  return known.slot + Math.floor(elapsedMs / known.slot_ms)
})

/** Changes whenever lists of chain data may have: a new head, newly final or newly indexed blocks. */
export const chainEdge = computed(() => {
  const known = status.value
  return known ? `${known.head_height}:${known.final_height}:${known.indexed_height}` : ''
})

/** Changes at most this often: for what is not on the chain, such as health. */
const slowMs = 15_000
export const slowEdge = computed(() => String(Math.floor(nowMs.value / slowMs)))

/** Unix milliseconds at which a slot began; undefined until the genesis time is known. */
export const slotTimeMs = (slot: number): number | undefined => {
  const known = status.value
  return known && known.genesis_time_ms + slot * known.slot_ms
}

/** Name of an authority by its public key; the key itself when it is not of the current set. */
export const proposerName = (publicKey: string): string =>
  status.value?.authorities.find((authority) => authority.public_key === publicKey)?.name ??
  publicKey

const recentBlocksMax = 100
/** Polling period: quick without the socket or while a block awaits finality, else a safety net. */
const pollMs = { quick: 4_000, calm: 15_000 } as const
const reconnectMs = { first: 1_000, max: 30_000 } as const
/** Blocks of one burst cause one refresh. */
const settleMs = 250

let socket: WebSocket | undefined
let reconnectDelayMs: number = reconnectMs.first
let pollTimer: ReturnType<typeof setTimeout> | undefined
let refreshing = false

/** Starts following the chain; call once a page. */
export function followChain(): void {
  connect()
  void refresh()
  document.addEventListener('visibilitychange', () => {
    if (!document.hidden) void refresh()
  })
  window.addEventListener('pagehide', () => socket?.close())
  window.addEventListener('pageshow', (event) => {
    if (event.persisted) connect()
  })
  let wasPaused = false
  effect(() => {
    if (wasPaused && !paused.value) void refresh()
    wasPaused = paused.value
  })
}

/** Asks the site again at once: what a retry button does. */
export async function refresh(): Promise<void> {
  if (refreshing || paused.peek() || document.hidden) return schedule(pollMs.quick)
  refreshing = true
  const [state, list] = await Promise.all([
    getJson('/rpc/status', chainStatus),
    getJson(`/rpc/blocks?limit=${recentBlocksMax}&offset=0`, blockList),
  ])
  refreshing = false
  batch(() => {
    failure.value = state.ok ? (list.ok ? undefined : list.error) : state.error
    if (state.ok && list.ok) {
      status.value = state.value.value
      recentBlocks.value = list.value.value.blocks
      freshAtMs.value = state.value.atMs
      nowMs.value = Math.max(nowMs.peek(), state.value.atMs)
    }
    if (!state.ok || !list.ok) link.value = 'lost'
    else link.value = socket?.readyState === WebSocket.OPEN ? 'live' : 'polling'
  })
  const known = status.peek()
  const waiting = !known || known.indexed_height < known.head_height
  schedule(link.peek() === 'live' && !waiting ? pollMs.calm : pollMs.quick)
}

function schedule(delayMs: number): void {
  clearTimeout(pollTimer)
  pollTimer = setTimeout(() => void refresh(), delayMs)
}

function connect(): void {
  const scheme = location.protocol === 'https:' ? 'wss' : 'ws'
  const opened = new WebSocket(`${scheme}://${location.host}/rpc/ws/blocks`)
  socket = opened
  opened.addEventListener('open', () => {
    reconnectDelayMs = reconnectMs.first
    if (link.peek() === 'polling') link.value = 'live'
  })
  // A block on the socket is news, not data: what is shown comes from one consistent answer.
  opened.addEventListener('message', () => schedule(settleMs))
  opened.addEventListener('close', () => {
    if (socket !== opened) return
    if (link.peek() === 'live') link.value = 'polling'
    const jittered = reconnectDelayMs * (0.5 + Math.random() / 2)
    reconnectDelayMs = Math.min(reconnectDelayMs * 2, reconnectMs.max)
    setTimeout(connect, jittered)
    schedule(pollMs.quick)
  })
}
