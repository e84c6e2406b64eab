/**
 * The coordinator as an object that lives and dies, in virtual time: disk, alarm and sockets as the
 * platform gives them. A kill leaves the disk as it is at that instant; writes can be made to fail.
 */
import type { ChainService } from '../../core/api/chain-service.ts'
import {
  type CoordinatorHost,
  type CoordinatorParts,
  openCoordinator,
} from '../../durable-objects/coordinator/parts.ts'
import type { SqlDatabase } from '../../durable-objects/coordinator/schema.ts'
import { type CoordinatorEnv, readSettings } from '../../durable-objects/coordinator/settings.ts'
import type { Agent } from './agent-socket.ts'
import { createFakeSocket, type FakeSocket } from './fake-socket.ts'
import { createSqliteStorage } from './sqlite-storage.ts'

/** Called before every write with its number since the start; throwing fails it. */
export type BeforeWrite = ((count: number) => void) | undefined

/** An object that is not running yet. */
export function createCoordinatorLife(input: {
  readonly env: CoordinatorEnv
  readonly chain: ChainService
  /** How long the disk takes to sync, virtual milliseconds. */
  readonly diskMs: number
  readonly cooldown?: CoordinatorHost['cooldown']
  /** Takes webhooks; nobody is reached without it. */
  readonly post?: typeof fetch
}) {
  const { chain, diskMs } = input
  const disk = createSqliteStorage()
  let settings = input.env
  let life = 0
  let sockets: FakeSocket[] = []
  let beforeWrite: BeforeWrite
  let writes = 0
  let parts: CoordinatorParts | undefined
  let alarm: ReturnType<typeof setTimeout> | undefined
  let alarmAtMs = Number.POSITIVE_INFINITY
  let tell: () => void = () => undefined

  /** The disk as one life of the object sees it: after a kill it takes nothing any more. */
  const storageOf = (own: number): SqlDatabase & { sync: () => Promise<void> } => {
    let isWriting = false
    const guard = (query: string) => {
      if (own !== life) throw new Error('killed')
      if (/^\s*(?:INSERT|UPDATE|DELETE)/i.test(query)) {
        writes += 1
        beforeWrite?.(writes)
      }
    }
    return {
      sync: () => (diskMs === 0 ? Promise.resolve() : sleep(diskMs)),
      sql: {
        exec: ((query: string, ...bindings: unknown[]) => {
          guard(query)
          return disk.sql.exec(query, ...(bindings as never[]))
        }) as SqlDatabase['sql']['exec'],
      },
      transactionSync: (action) => {
        if (own !== life) throw new Error('killed')
        if (isWriting) throw new Error('atomic writes are not nested here')
        isWriting = true
        try {
          return disk.transactionSync(action)
        } finally {
          isWriting = false
        }
      },
    }
  }

  const setAlarm = (own: number, dueAtMs: number): void => {
    if (own !== life || dueAtMs >= alarmAtMs) return
    alarmAtMs = dueAtMs
    clearTimeout(alarm)
    const waitMs = Math.min(Math.max(0, dueAtMs - Date.now()), 2 ** 31 - 1)
    alarm = setTimeout(() => void work(own), waitMs)
  }

  /** What the Durable Object does in its alarm and in its watchdog. */
  const work = async (own: number): Promise<void> => {
    if (own !== life || !parts) return
    alarmAtMs = Number.POSITIVE_INFINITY
    try {
      await parts.work()
    } catch {
      setAlarm(own, Date.now() + 1_000)
    }
  }

  const start = (): void => {
    const own = life
    const storage = storageOf(own)
    const state = {
      storage,
      acceptWebSocket: (socket: FakeSocket) => void sockets.push(socket),
      getWebSockets: () => sockets,
    }
    // Opening writes too; what fails there fails the whole start, and the platform tries again.
    for (let attempt = 0; attempt < 50 && !parts; attempt += 1) {
      try {
        parts = openCoordinator({
          state: state as unknown as CoordinatorHost['state'],
          settings: readSettings(settings),
          chain,
          post: input.post ?? (() => Promise.reject(new Error('nobody listens'))),
          now: () => Date.now(),
          wakeAt: (dueAtMs) => setAlarm(own, dueAtMs),
          minersChanged: () => tell(),
          ...(input.cooldown && { cooldown: input.cooldown }),
        })
      } catch (error) {
        if (!String(error).includes('injected')) throw error
      }
    }
    if (!parts) throw new Error('the coordinator does not start')
    setAlarm(own, Date.now())
  }

  /** SIGKILL: memory and sockets are gone, the disk stays as it was at this instant. */
  const kill = (): void => {
    life += 1
    parts = undefined
    clearTimeout(alarm)
    alarmAtMs = Number.POSITIVE_INFINITY
    const open = sockets
    sockets = []
    for (const socket of open) socket.peer.onClose(1006, 'connection lost')
  }

  const usable = (): CoordinatorParts => {
    if (!parts) throw new Error('the coordinator is down')
    return parts
  }

  /** Connects a miner; frames travel in their own tasks, in order, both ways. */
  const connect = (agent: Agent, address = 'local'): FakeSocket => {
    const current = usable()
    const own = life
    const socket = createFakeSocket(agent, {
      onMessage: (text) => {
        if (own !== life) return
        try {
          current.sockets.message(socket as unknown as WebSocket, text)
        } catch (error) {
          current.sockets.failed(socket as unknown as WebSocket, error)
        }
      },
      onClose: () => {
        const wasOpen = sockets.includes(socket)
        sockets = sockets.filter((each) => each !== socket)
        if (own === life && wasOpen) current.sockets.closed(socket as unknown as WebSocket)
      },
    })
    current.sockets.accept(socket as unknown as WebSocket, { address, host: 'localhost' })
    return socket
  }

  return {
    start,
    kill,
    connect,
    /** The clock was set: an alarm keeps its time by the clock, as the platform's does. */
    rearm: () => {
      const dueAtMs = alarmAtMs
      alarmAtMs = Number.POSITIVE_INFINITY
      setAlarm(life, dueAtMs)
    },
    /** Called each minute, whatever the alarm does. */
    watchdog: () => work(life),
    parts: usable,
    isUp: () => parts !== undefined,
    /** Calls back when a miner has come, gone or changed its card. */
    onMinersChanged: (listener: () => void) => {
      tell = listener
    },
    change: (changed: Partial<CoordinatorEnv>) => {
      settings = { ...settings, ...changed }
    },
    failWrites: (before: BeforeWrite) => {
      beforeWrite = before
    },
    writes: () => writes,
    rows: <T>(query: string): T[] => disk.sql.exec(query).toArray() as unknown as T[],
  }
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
