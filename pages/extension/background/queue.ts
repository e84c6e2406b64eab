/**
 * Requests that need a person, as a table that outlives the background: what waits, what was signed but not
 * yet sent, and the answers of the last minutes, so that a request asked again gets the same answer.
 */
import type { DraftMessage, TransactionDraft } from '../../shared/vault/messages.ts'
import { errorCodes, fault, type PageAnswer, type WalletFault } from '../wire.ts'

/** What a site wants. */
export type Wish =
  | { readonly kind: 'connect' }
  | { readonly kind: 'message'; readonly account: string; readonly text: string }
  | {
      readonly kind: 'transaction'
      readonly account: string
      readonly message: DraftMessage
      readonly fee?: string | undefined
    }

/** What would be signed for a transaction, without the genesis: that of the pinned network. */
export type PreparedDraft = Omit<TransactionDraft, 'genesis'>

type Outcome = { readonly result: unknown } | { readonly error: WalletFault }

/** One request. `waiting` for a person; `signed` and to be sent; `done` with its answer. */
export type Ask = {
  readonly origin: string
  readonly id: string
  readonly tabId: number
  readonly atMs: number
  readonly wish: Wish
  /** What is shown and would be signed: fixed when it is first shown. */
  readonly draft?: PreparedDraft
} & (
  | { readonly state: 'waiting' }
  | { readonly state: 'signed'; readonly bytes: string; readonly hash: string }
  | { readonly state: 'done'; readonly outcome: Outcome; readonly doneMs: number }
)

/** `strikes`: rejections of an origin in a row; `quietUntilMs`: until when it is refused unasked. */
export type Queue = {
  readonly asks: readonly Ask[]
  readonly strikes: readonly {
    readonly origin: string
    readonly count: number
    readonly quietUntilMs: number
  }[]
}

export const queueLimits = {
  /** Of one origin, and of all. */
  waitingMax: 3,
  waitingAllMax: 12,
  /** How long answers are remembered, and how many. */
  answersMs: 600_000,
  answersMax: 100,
  /** Rejections in a row after which an origin must be quiet, and for how long. */
  strikesMax: 3,
  quietMs: 300_000,
  strikeOriginsMax: 50,
} as const

export const emptyQueue: Queue = { asks: [], strikes: [] }

type Key = { readonly origin: string; readonly id: string }

const isSame = (ask: Key, key: Key) => ask.origin === key.origin && ask.id === key.id

export const askOf = (queue: Queue, key: Key): Ask | undefined =>
  queue.asks.find((ask) => isSame(ask, key))

/** Oldest first: the order in which they are shown. */
export const waitingAsks = (queue: Queue): readonly Ask[] =>
  queue.asks.filter(({ state }) => state === 'waiting')

export const answerOf = (ask: Ask): PageAnswer | undefined =>
  ask.state === 'done' ? { id: ask.id, ...ask.outcome } : undefined

/** Why a new request of this origin is not even shown; undefined when it is. */
export function refusalOf(queue: Queue, origin: string, nowMs: number): WalletFault | undefined {
  const quiet = queue.strikes.find((strike) => strike.origin === origin)
  if (quiet && quiet.quietUntilMs > nowMs) {
    return fault(
      errorCodes.rejected,
      'The user rejected several requests of this site in a row; it may ask again in a few minutes.',
    )
  }
  const waiting = waitingAsks(queue)
  const own = waiting.filter((ask) => ask.origin === origin)
  const isFull = own.length >= queueLimits.waitingMax || waiting.length >= queueLimits.waitingAllMax
  return isFull
    ? fault(errorCodes.limitExceeded, 'Too many requests wait for the user already.')
    : undefined
}

/** Adds a request; the same queue when its origin and id are there already. */
export function withAsk(queue: Queue, ask: Ask): Queue {
  if (askOf(queue, ask)) return queue
  return { ...queue, asks: [...pruned(queue.asks, ask.atMs), ask] }
}

/** Replaces a request that is not done; one that is done stays as it is. */
export function withChange(queue: Queue, key: Key, change: (ask: Ask) => Ask): Queue {
  const before = askOf(queue, key)
  if (!before || before.state === 'done') return queue
  return { ...queue, asks: queue.asks.map((ask) => (ask === before ? change(ask) : ask)) }
}

/** Ends a request with an answer, and counts rejections in a row. */
export function withOutcome(queue: Queue, key: Key, outcome: Outcome, nowMs: number): Queue {
  const before = askOf(queue, key)
  if (!before || before.state === 'done') return queue
  const { origin, id, tabId, atMs, wish } = before
  const done: Ask = { origin, id, tabId, atMs, wish, state: 'done', outcome, doneMs: nowMs }
  const asks = queue.asks.map((ask) => (ask === before ? done : ask))
  const isRejected = 'error' in outcome && outcome.error.code === errorCodes.rejected
  return { asks, strikes: counted(queue.strikes, { origin, isRejected, nowMs }) }
}

function counted(
  strikes: Queue['strikes'],
  { origin, isRejected, nowMs }: { origin: string; isRejected: boolean; nowMs: number },
): Queue['strikes'] {
  const others = strikes.filter((strike) => strike.origin !== origin)
  if (!isRejected) return others
  const before = strikes.find((strike) => strike.origin === origin)
  const count = (before?.count ?? 0) + 1
  const isOut = count >= queueLimits.strikesMax
  const entry = isOut
    ? { origin, count: 0, quietUntilMs: nowMs + queueLimits.quietMs }
    : { origin, count, quietUntilMs: 0 }
  return [...others, entry].slice(-queueLimits.strikeOriginsMax)
}

/** Without answers that are too old or too many. What waits or is signed always stays. */
function pruned(asks: readonly Ask[], nowMs: number): readonly Ask[] {
  const done = asks.filter((ask) => ask.state === 'done')
  const tooMany = new Set(done.slice(0, Math.max(0, done.length - queueLimits.answersMax)))
  return asks.filter(
    (ask) =>
      ask.state !== 'done' || (nowMs - ask.doneMs < queueLimits.answersMs && !tooMany.has(ask)),
  )
}
