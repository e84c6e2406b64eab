/**
 * Patience once money is held: a site that restarts in the middle of a job comes back within seconds, so
 * what may be asked twice is asked again before a run is given up.
 */
import { setTimeout as pause } from 'node:timers/promises'
import { ClientFault, exitCodes } from './exit-codes.ts'

/** How long a request is tried again, and how far its tries come apart. */
const patienceMs = 30_000
const pauseFirstMs = 200
const pauseMostMs = 3_000

/** Whether the same request may succeed a little later. */
export const isPassing = ({ exitCode }: ClientFault): boolean =>
  exitCode === exitCodes.network || exitCode === exitCodes.server || exitCode === exitCodes.timeout

/** Does what may be done twice until it succeeds, or fails for good. `signal` ends it at once. */
export async function patiently<T>(signal: AbortSignal, attempt: () => Promise<T>): Promise<T> {
  const untilMs = Date.now() + patienceMs
  for (let pauseMs = pauseFirstMs; ; pauseMs = Math.min(pauseMostMs, pauseMs * 2)) {
    try {
      return await attempt()
    } catch (error) {
      const isFinal = !(error instanceof ClientFault) || !isPassing(error)
      if (isFinal || signal.aborted || Date.now() + pauseMs > untilMs) throw error
    }
    await pause(pauseMs, undefined, { signal }).catch(() => undefined)
  }
}
