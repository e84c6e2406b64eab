/**
 * Measured speed: tokens a second of each miner at each model, from the streams that passed through here,
 * as a moving mean. A miner that reports nothing while it works has no measure.
 */
import type { MeasuredSpeed } from '../../core/api/dispatch.ts'
import type { Attempt } from '../../core/jobs/job.ts'
import { coordinatorLimits as limits } from './limits.ts'
import { rowsOf, type SqlDatabase } from './schema.ts'

export type Speeds = ReturnType<typeof openSpeeds>

/** What of an attempt's stream has to be remembered until its end. */
type Stream = { firstAtMs: number; firstTokens: number; lastAtMs: number }

export function openSpeeds(parts: {
  readonly database: SqlDatabase
  readonly now: () => number
  readonly wakeAt: (dueAtMs: number) => void
}) {
  const { database, now, wakeAt } = parts
  const measured = new Map<string, MeasuredSpeed>()
  const streams = new Map<string, Stream>()
  const means = new Map<string, number>()
  const dirty = new Set<string>()
  let flushAtMs: number | undefined

  for (const row of rowsOf<SpeedRow>(database, selectNewest, limits.speedsMax).reverse()) {
    measured.set(keyOf(row.miner_id, row.model), {
      tokensPerSecond: row.tokens_per_second,
      firstTokenMs: row.first_token_ms,
      samples: row.samples,
    })
  }

  const note = (minerId: string, model: string, sample: Sample): void => {
    const key = keyOf(minerId, model)
    const before = measured.get(key)
    // The newest stands last, and the oldest leaves first.
    measured.delete(key)
    measured.set(key, {
      tokensPerSecond: mean(before?.tokensPerSecond, sample.tokensPerSecond),
      firstTokenMs: mean(before?.firstTokenMs, sample.firstTokenMs),
      samples: (before?.samples ?? 0) + 1,
    })
    for (const oldest of measured.keys()) {
      if (measured.size <= limits.speedsMax) break
      measured.delete(oldest)
    }
    dirty.add(key)
    if (flushAtMs !== undefined) return
    flushAtMs = now() + limits.speedsFlushMs
    wakeAt(flushAtMs)
  }

  return {
    of: (minerId: string, model: string): MeasuredSpeed | undefined =>
      measured.get(keyOf(minerId, model)),

    texted: (attemptId: string, tokens: number): void => {
      const nowMs = now()
      const stream = streams.get(attemptId)
      if (stream) stream.lastAtMs = nowMs
      else streams.set(attemptId, { firstAtMs: nowMs, firstTokens: tokens, lastAtMs: nowMs })
      for (const oldest of streams.keys()) {
        if (streams.size <= limits.speedsMax) return
        streams.delete(oldest)
      }
    },

    forget: (attemptId: string): void => void streams.delete(attemptId),

    completed: ({ attemptId, minerId, offeredAtMs, tokens }: Attempt, model: string): void => {
      const wholeMs = now() - offeredAtMs
      // A clock that was set meanwhile measures nothing.
      if (wholeMs >= 0 && wholeMs <= wholeMsMax) means.set(model, mean(means.get(model), wholeMs))
      if (means.size > limits.speedsMax) means.clear()
      const stream = streams.get(attemptId)
      streams.delete(attemptId)
      const sample = stream && sampleOf(stream, offeredAtMs, tokens)
      if (sample) note(minerId, model, sample)
    },

    /** Mean time from offer to result at a model, milliseconds; undefined: none has ended here yet. */
    meanMsOf: (model: string): number | undefined => means.get(model),

    tick: (): void => {
      if (flushAtMs === undefined) return
      const leftMs = flushAtMs - now()
      // More than the pause itself: the clock was set back.
      if (leftMs > 0 && leftMs <= limits.speedsFlushMs) {
        wakeAt(flushAtMs)
        return
      }
      const keys = [...dirty]
      database.transactionSync(() => {
        for (const key of keys) {
          const speed = measured.get(key)
          if (!speed) continue
          const [minerId, model] = partsOf(key)
          const { tokensPerSecond, firstTokenMs, samples } = speed
          database.sql.exec(upsert, minerId, model, tokensPerSecond, firstTokenMs, samples, now())
        }
        database.sql.exec(deleteOld, now() - limits.retentionMs)
      })
      dirty.clear()
      flushAtMs = undefined
    },
  }
}

type SpeedRow = {
  readonly miner_id: string
  readonly model: string
  readonly tokens_per_second: number
  readonly first_token_ms: number
  readonly samples: number
}

type Sample = Pick<MeasuredSpeed, 'tokensPerSecond' | 'firstTokenMs'>

/** A text in one piece says how long it took as a whole, and no more. */
function sampleOf(stream: Stream, offeredAtMs: number, tokens: number): Sample | undefined {
  const { firstAtMs, firstTokens, lastAtMs } = stream
  const firstTokenMs = firstAtMs - offeredAtMs
  const rest = tokens - firstTokens
  const [count, ms] =
    rest >= tokensMin && lastAtMs > firstAtMs
      ? [rest, lastAtMs - firstAtMs]
      : [tokens, lastAtMs - offeredAtMs]
  if (firstTokenMs < 0 || ms <= 0 || ms > wholeMsMax || count <= 0) return undefined
  return { tokensPerSecond: (count * 1_000) / ms, firstTokenMs }
}

const mean = (before: number | undefined, sample: number): number =>
  before === undefined ? sample : before + weight * (sample - before)

/** No name of a miner holds a line feed. */
const keyOf = (minerId: string, model: string): string => `${minerId}\n${model}`

function partsOf(key: string): [string, string] {
  const at = key.indexOf('\n')
  return [key.slice(0, at), key.slice(at + 1)]
}

/** What a new sample counts for. */
const weight = 0.2
/** Tokens from which the time between them says more than the time for all. */
const tokensMin = 8
/** An answer takes less than its longest life. */
const wholeMsMax = 3_600_000

const selectNewest = 'SELECT * FROM speeds ORDER BY at_ms DESC LIMIT ?'
const upsert = `INSERT INTO speeds (miner_id, model, tokens_per_second, first_token_ms, samples, at_ms)
  VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (miner_id, model) DO UPDATE SET
  tokens_per_second = excluded.tokens_per_second, first_token_ms = excluded.first_token_ms,
  samples = excluded.samples, at_ms = excluded.at_ms`
const deleteOld = 'DELETE FROM speeds WHERE at_ms < ?'
