/**
 * The queue: jobs that wait for a miner, by model, priority and client. A miner that gets a free place takes
 * one of the highest priority that waits, and within it one of the client that has been served least, so
 * that nobody who asks for much keeps out who asks for little. Of every sixteen turns of a miner one begins
 * with the lowest priority and three with the middle one: none of them starves.
 */
import type { Priority } from '../../core/api/dispatch.ts'
import { excludedMiners, isDispatchable } from '../../core/jobs/job.ts'
import { chooseMiner } from '../../core/jobs/matching.ts'
import type { Standing } from '../../core/jobs/routing.ts'
import { type ClientHeap, openHeap, openService } from './fair-share.ts'
import type { LiveJob } from './job-store.ts'
import { coordinatorLimits } from './limits.ts'
import type { Miner } from './miners.ts'

export type Queue = {
  readonly size: () => number
  readonly sizeOf: (model: string) => number
  readonly add: (job: LiveJob) => void
  readonly remove: (job: LiveJob) => void
  readonly all: () => readonly LiveJob[]
  /** The waiting job whose turn it is, of those that this miner may take now. */
  readonly nextFor: (miner: Miner, nowMs: number) => LiveJob | undefined
  /** The job has been handed to this miner: it counts for its client and for the miner's turns. */
  readonly served: (job: LiveJob, miner: Miner) => void
  /** How many waiting jobs would go before one of this client now. */
  readonly before: (job: Waiting) => number
}

/** Places that bookings keep: jobs of whoever booked do not wait behind those that may not have them. */
export type KeptPlaces = {
  readonly hasKeptPlace: (minerId: string) => boolean
  readonly waitsFor: (minerId: string, client: string) => boolean
}
const nothingKept: KeptPlaces = { hasKeptPlace: () => false, waitsFor: () => false }

/** What decides about a place in the queue. */
export type Waiting = {
  readonly model: string
  readonly client: string
  readonly priority: Priority
  /** Undefined: it would come now. */
  readonly jobId: string | undefined
}

/** Jobs of one model and priority: of each client, oldest first, and the clients by what they were given. */
type Line = {
  readonly model: string
  readonly priority: Priority
  readonly byClient: Map<string, LiveJob[]>
  readonly clients: ClientHeap
}

/** An empty queue. */
export function openQueue(standing: Standing, kept: KeptPlaces = nothingKept): Queue {
  const lines = new Map<string, Line>()
  const sizes = new Map<string, number>()
  const turns = new Map<string, number>()
  const service = openService()
  let size = 0

  const lineOf = (model: string, priority: Priority): Line => {
    const key = `${priority} ${model}`
    const found = lines.get(key)
    if (found) return found
    const line = { model, priority, byClient: new Map(), clients: openHeap(service.of) }
    lines.set(key, line)
    return line
  }

  const linesFor = (miner: Miner, priority: Priority): Iterable<Line> => {
    if (miner.card.kind === 'legacy') {
      return [...lines.values()].filter((line) => line.priority === priority)
    }
    return miner.card.models.flatMap(({ name }) => lines.get(`${priority} ${name}`) ?? [])
  }

  /** The first that fits, of the clients in the order in which they are to be served. */
  const firstIn = (line: Line, miner: Miner, nowMs: number): LiveJob | undefined => {
    const passed: string[] = []
    let found: LiveJob | undefined
    let left = coordinatorLimits.queueScanMax
    while (found === undefined && left > 0) {
      const client = line.clients.pop()
      if (client === undefined) break
      passed.push(client)
      for (const job of line.byClient.get(client) ?? []) {
        left -= 1
        if (fits(miner, job, nowMs, standing)) found = job
        if (found || left <= 0) break
      }
    }
    for (const client of passed) line.clients.push(client)
    return found
  }

  /** The first that fits, of those whose clients have booked a place that is free. */
  const firstKept = (miner: Miner, nowMs: number): LiveJob | undefined => {
    const { minerId } = miner.card
    if (!kept.hasKeptPlace(minerId)) return undefined
    for (const priority of orderOf(0)) {
      for (const line of linesFor(miner, priority)) {
        for (const [client, jobs] of line.byClient) {
          if (!kept.waitsFor(minerId, client)) continue
          const job = jobs.find((each) => fits(miner, each, nowMs, standing))
          if (job) return job
        }
      }
    }
    return undefined
  }

  return {
    size: () => size,
    sizeOf: (model) => sizes.get(model) ?? 0,
    add: (job) => {
      const { client, spec, priority } = job.ask
      const line = lineOf(spec.model, priority)
      const own = line.byClient.get(client) ?? []
      if (own.includes(job)) return
      if (own.length === 0) {
        service.enter(client)
        line.byClient.set(client, own)
        line.clients.push(client)
      }
      // Nearly always last; a job that comes back takes its old place.
      let at = own.length
      while (at > 0 && requestedAt(own[at - 1] as LiveJob) > requestedAt(job)) at -= 1
      own.splice(at, 0, job)
      size += 1
      sizes.set(spec.model, (sizes.get(spec.model) ?? 0) + 1)
    },
    remove: (job) => {
      const { client, spec, priority } = job.ask
      const key = `${priority} ${spec.model}`
      const line = lines.get(key)
      const own = line?.byClient.get(client)
      const at = own?.indexOf(job) ?? -1
      if (!line || !own || at < 0) return
      own.splice(at, 1)
      size -= 1
      const left = (sizes.get(spec.model) ?? 1) - 1
      if (left === 0) sizes.delete(spec.model)
      else sizes.set(spec.model, left)
      if (own.length > 0) return
      service.leave(client)
      line.byClient.delete(client)
      line.clients.drop(client)
      if (line.byClient.size === 0) lines.delete(key)
    },
    all: () => [...lines.values()].flatMap((line) => [...line.byClient.values()].flat()),
    nextFor: (miner, nowMs) => {
      const first = firstKept(miner, nowMs)
      if (first) return first
      for (const priority of orderOf(turns.get(miner.card.minerId) ?? 0)) {
        let best: LiveJob | undefined
        for (const line of linesFor(miner, priority)) {
          const job = firstIn(line, miner, nowMs)
          if (job && (best === undefined || service.isBefore(job, best))) best = job
        }
        if (best) return best
      }
      return undefined
    },
    served: (job, { card }) => {
      service.charge(job)
      if (turns.size > coordinatorLimits.minersMax) turns.clear()
      turns.set(card.minerId, (turns.get(card.minerId) ?? 0) + 1)
    },
    before: ({ model, client, priority, jobId }) => {
      let count = 0
      for (const line of lines.values()) {
        if (line.model !== model || rankOf(line.priority) < rankOf(priority)) continue
        if (line.priority !== priority) {
          for (const jobs of line.byClient.values()) count += jobs.length
          continue
        }
        const own = line.byClient.get(client) ?? []
        const place = own.findIndex(({ ask }) => ask.jobId === jobId)
        const mine = place < 0 ? own.length : place
        count += mine
        // Others get a turn for each of this client's, and one before it where they were given less.
        for (const [other, jobs] of line.byClient) {
          if (other === client) continue
          const isFirst = service.of(other) <= service.of(client)
          count += Math.min(jobs.length, mine + (isFirst ? 1 : 0))
        }
      }
      return count
    },
  }
}

/** In which order a miner looks at the priorities in one of its turns. */
function orderOf(turn: number): readonly Priority[] {
  const step = turn % 16
  if (step === 15) return ['low', 'high', 'normal']
  return step % 5 === 4 ? ['normal', 'high', 'low'] : ['high', 'normal', 'low']
}

const rankOf = (priority: Priority): number =>
  priority === 'high' ? 2 : priority === 'normal' ? 1 : 0

const requestedAt = (job: LiveJob): number => job.life.requestedAtMs

const fits = (miner: Miner, job: LiveJob, nowMs: number, standing: Standing): boolean =>
  isDispatchable(job.life) &&
  nowMs < job.life.expiresAtMs &&
  chooseMiner([miner], wantedOf(job), excludedMiners(job.life, nowMs), standing) !== undefined

/** A job as matching looks at it. */
export const wantedOf = ({ ask }: Pick<LiveJob, 'ask'>) => ({
  client: ask.client,
  size: ask.size,
  constraints: ask.constraints,
  limit: ask.limit,
  routing: ask.routing,
  near: ask.near,
})
