/** What the client does when a site goes away in the middle of a job. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { ClientFault, exitCodes } from '../../../cli/exit-codes.ts'
import { submitJob } from '../../../cli/job.ts'
import { patiently } from '../../../cli/patience.ts'
import type { Session } from '../../../cli/session.ts'
import type { SiteRequest } from '../../../cli/site-client.ts'
import { signerFromSeed } from '../../../core/crypto/ed25519.ts'
import type { JobSpec } from '../../../core/jobs/job-spec.ts'

// The pauses of the client: time passes, nobody waits.
vi.mock('node:timers/promises', () => ({
  setTimeout: async (ms: number) => {
    vi.setSystemTime(Date.now() + ms)
  },
}))

const away = () => new ClientFault(exitCodes.network, 'UNREACHABLE', 'connection refused')
const jobId = 'ab'.repeat(16)

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

/** A request whose tries end as told, in order; the last one for ever. */
function tries<T>(...ends: (T | ClientFault)[]) {
  const seen = vi.fn(async () => {
    const end = ends[Math.min(seen.mock.calls.length, ends.length) - 1]
    if (end instanceof ClientFault) throw end
    return end as T
  })
  return seen
}

const outcomeOf = async <T>(promise: Promise<T>): Promise<T | ClientFault> =>
  promise.catch((error: unknown) => error as ClientFault)

test('a site that comes back is asked again', async () => {
  const attempt = tries(away(), new ClientFault(exitCodes.server, 'X', 'starting'), 'here')
  expect(await outcomeOf(patiently(new AbortController().signal, attempt))).toBe('here')
  expect(attempt).toHaveBeenCalledTimes(3)
})

test('a refusal is final at once', async () => {
  const refusal = new ClientFault(exitCodes.conflict, 'BUDGET_EXCEEDED', 'too much')
  const attempt = tries(refusal)
  expect(await outcomeOf(patiently(new AbortController().signal, attempt))).toBe(refusal)
  expect(attempt).toHaveBeenCalledTimes(1)
})

test('patience ends, with the last failure', async () => {
  const attempt = tries(away())
  const outcome = await outcomeOf(patiently(new AbortController().signal, attempt))
  expect(outcome).toMatchObject({ exitCode: exitCodes.network })
  expect(attempt.mock.calls.length).toBeGreaterThan(5)
  expect(attempt.mock.calls.length).toBeLessThan(50)
})

test('a person who stops is not kept', async () => {
  const stop = new AbortController()
  const attempt = tries(away())
  const outcome = outcomeOf(patiently(stop.signal, attempt))
  stop.abort()
  await outcome
  expect(attempt.mock.calls.length).toBeLessThanOrEqual(2)
})

test('a job whose answer was lost is found by its permission, not asked for twice', async () => {
  const used = (details: unknown) =>
    new ClientFault(exitCodes.conflict, 'AUTHORISATION_USED', 'used before', details)
  const found = await submission(tries(away(), used({ job_id: jobId })))
  expect(found.outcome).toMatchObject({ jobId })
  const permissions = found.sent.map(
    ({ body }) => (body as { authorisation: string }).authorisation,
  )
  expect(permissions).toHaveLength(2)
  expect(new Set(permissions).size).toBe(1)

  const strange = await submission(tries(used({ job_id: 'nobody' })))
  expect(strange.outcome).toMatchObject({ code: 'AUTHORISATION_USED' })
})

/** Submits a job through a site that answers as told. */
async function submission(json: () => Promise<unknown>) {
  const sent: SiteRequest[] = []
  const signer = signerFromSeed(new Uint8Array(32).fill(3))
  const genesisHash = new Uint8Array(32)
  const session = {
    options: { ttlSeconds: 60, region: undefined },
    site: {
      json: (request: SiteRequest) => {
        sent.push(request)
        return json()
      },
    },
    info: { authorisation_life_slots: 600, genesis_time_ms: Date.now(), limits: {} },
    genesis: { genesisTimeMs: BigInt(Date.now()) },
    genesisHash,
    signer,
    identity: { signer, genesisHash },
    store: { takeNumber: async () => 1n },
    place: {},
    signal: new AbortController().signal,
    say: () => undefined,
  } as unknown as Session
  const spec: JobSpec = {
    version: 1,
    model: 'm',
    messages: [{ role: 'user', content: 'hi' }],
    maxTokens: 1,
    temperatureMilli: 0,
    topPMilli: 1_000,
    seed: 0n,
    stop: [],
    extra: '',
  }
  const funds = { escrow: new Uint8Array(32), expirySlot: 1_000_000 }
  const outcome = await outcomeOf(submitJob(session, { spec, limit: 5n, funds }))
  return { sent, outcome }
}
