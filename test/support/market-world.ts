/**
 * A market in the test's own process, in virtual time: the code that ships, over SQLite, with a real
 * coordinator, a real chain engine and a real read model. It can be killed before any of its writes.
 *
 * Call `vi.useFakeTimers()` first.
 */
import { vi } from 'vitest'
import type { BookingBody } from '../../core/api/market-requests.ts'
import type { Listing } from '../../core/api/market-service.ts'
import { ownerOf, type Principal } from '../../core/auth/principal.ts'
import type { Result } from '../../core/base/result.ts'
import { formatAddress } from '../../core/crypto/address.ts'
import { slotsPerHour } from '../../core/market/booking.ts'
import { marketIndex } from '../../d1/market-index.ts'
import { marketQueries } from '../../d1/market-query.ts'
import type { SqlDatabase } from '../../durable-objects/coordinator/schema.ts'
import { readSettings } from '../../durable-objects/coordinator/settings.ts'
import { type MarketParts, openMarket } from '../../durable-objects/market/parts.ts'
import type { SaidRow } from '../../durable-objects/market/ports.ts'
import { createWorld as createCoordinatorWorld } from './coordinator-world.ts'
import { createSqliteD1 } from './sqlite-d1.ts'
import { createSqliteStorage } from './sqlite-storage.ts'

export type MarketWorld = Awaited<ReturnType<typeof createMarketWorld>>

/** Starts it, with a coordinator that knows `alice` and a client's key. */
export async function createMarketWorld() {
  const coordinator = await createCoordinatorWorld({ parameters: { faucetMax: 5_000_000_000n } })
  const disk = createSqliteStorage()
  const { d1 } = createSqliteD1()
  const index = marketIndex(d1)
  const said: SaidRow[] = []
  let life = 0
  let writes = 0
  let killAt = Number.POSITIVE_INFINITY
  let parts: MarketParts | undefined
  let alarm: ReturnType<typeof setTimeout> | undefined
  let alarmAtMs = Number.POSITIVE_INFINITY
  let isWatched = false

  const storageOf = (own: number): SqlDatabase => {
    const guard = (query: string) => {
      if (own !== life) throw new Error('killed')
      if (!/^\s*(?:INSERT|UPDATE|DELETE)/i.test(query)) return
      writes += 1
      if (writes !== killAt) return
      kill()
      throw new Error('killed')
    }
    return {
      sql: {
        exec: ((query: string, ...bindings: unknown[]) => {
          guard(query)
          return disk.sql.exec(query, ...(bindings as never[]))
        }) as SqlDatabase['sql']['exec'],
      },
      transactionSync: (action) => {
        if (own !== life) throw new Error('killed')
        return disk.transactionSync(action)
      },
    }
  }

  const setAlarm = (own: number, dueAtMs: number): void => {
    if (own !== life || dueAtMs >= alarmAtMs) return
    alarmAtMs = dueAtMs
    clearTimeout(alarm)
    const waitMs = Math.max(0, dueAtMs - Date.now())
    alarm = setTimeout(() => void work(own), Math.min(waitMs, 2 ** 31 - 1))
  }

  let running: Promise<void> | undefined
  const work = async (own: number, looks = false): Promise<void> => {
    if (own !== life || !parts) return
    await running
    alarmAtMs = Number.POSITIVE_INFINITY
    running = parts.work(looks).catch(() => undefined)
    await running
  }

  const start = (): void => {
    const own = life
    parts = openMarket({
      database: storageOf(own),
      settings: readSettings({ ...coordinator.env, SITE_HOST: 'here.test' }),
      coordinator: coordinator.parts().marketDesk,
      chain: coordinator.chain,
      readModel: {
        put: index.put,
        prices: index.prices,
        said: async (after) =>
          said.filter(
            (row) =>
              row.height > after.height ||
              (row.height === after.height && row.position > after.position),
          ),
      },
      now: () => Date.now(),
      wakeAt: (dueAtMs) => setAlarm(own, dueAtMs),
    })
    setAlarm(own, Date.now())
  }

  const kill = (): void => {
    life += 1
    parts = undefined
    clearTimeout(alarm)
    alarmAtMs = Number.POSITIVE_INFINITY
  }

  const usable = (): MarketParts => {
    if (!parts) throw new Error('killed')
    return parts
  }

  /** Waits for an answer while time passes: accounts of keys are funded meanwhile. */
  const settled = async <T>(promise: Promise<T>): Promise<T> => {
    let isDone = false
    const done = () => {
      isDone = true
    }
    promise.then(done, done)
    for (let tries = 0; tries < 400 && !isDone; tries += 1) {
      await vi.advanceTimersByTimeAsync(100)
    }
    if (!isDone) throw new Error('no answer')
    return promise
  }

  start()
  const key = coordinator.keyPrincipal('client')
  const provider = coordinator.alice
  const seller: Principal = {
    kind: 'account',
    publicKey: provider.publicKey,
    publicId: formatAddress(provider.address),
  }
  return {
    coordinator,
    key,
    seller,
    provider,
    said,
    queries: marketQueries(d1),
    parts: usable,
    /** Its disk, whoever is alive. */
    database: disk,
    isUp: () => parts !== undefined,
    kill,
    start,
    /** Kills it before its write of this number, counted from now. */
    killBefore: (number: number) => {
      writes = 0
      killAt = number
    },
    writes: () => writes,
    look: () => work(life, true),
    /** Sets the clock, as `jump` of the coordinator's world does. */
    jump: (ms: number): void => {
      coordinator.jump(ms)
      const dueAtMs = alarmAtMs
      alarmAtMs = Number.POSITIVE_INFINITY
      setAlarm(life, dueAtMs)
      if (!isWatched) setInterval(() => void work(life, true), 60_000)
      isWatched = true
    },
    pass: (ms: number) => vi.advanceTimersByTimeAsync(ms),
    rows: <T>(query: string): T[] => disk.sql.exec(query).toArray() as unknown as T[],
    /** Lists a GPU of the seller's. */
    list: (change: Partial<Listing & { owner: string }> = {}): string => {
      const listed = usable().offers.list({
        minerId: 'shelf',
        gpu: 'RTX 4090',
        memoryGb: 24,
        cuda: '12.4',
        region: 'eu',
        pricePerHour: 18_000_000n,
        capabilities: [],
        places: 3,
        owner: ownerOf(seller),
        provider: seller.publicId,
        ...change,
      })
      if (!listed.ok) throw new Error(listed.error.code)
      return listed.value.offer_id
    },
    book: (offerId: string, change: Partial<BookingBody> & { who?: Principal } = {}) =>
      settled(
        usable().bookings.book(change.who ?? key, {
          offerId,
          slots: (change.hours ?? 1) * slotsPerHour,
          places: change.places ?? 1,
          agreementId: change.agreement_id,
          jobId: undefined,
          transaction: change.transaction,
        }),
      ),
    cancel: (bookingId: string, who: Principal = key, transaction?: string) =>
      settled(usable().bookings.cancel(who, bookingId, transaction)),
  }
}

/** The value of what must have gone well. */
export function must<T>(
  result: Result<T, { readonly code: string; readonly message?: string | undefined }>,
): T {
  if (!result.ok) throw new Error(`${result.error.code} ${result.error.message ?? ''}`)
  return result.value
}
