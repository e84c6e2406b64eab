/**
 * A coordinator in the test's own process, in virtual time: the code that ships, over SQLite and a real
 * chain engine, with sockets in memory. It can be killed at any instant, its writes and its chain can fail.
 *
 * Call `vi.useFakeTimers()` first.
 */
import { createHash } from 'node:crypto'
import { vi } from 'vitest'
import type { ChainService } from '../../core/api/chain-service.ts'
import type { Principal, SubmitJob } from '../../core/api/coordinator-service.ts'
import { toHex } from '../../core/base/bytes.ts'
import { authorisationCoder, authorisationSigningBytes } from '../../core/chain/authorisation.ts'
import { type Genesis, genesisHash, genesisToJson, slotMs } from '../../core/chain/genesis.ts'
import { escrowIdOf, type Message, transactionHash } from '../../core/chain/transaction.ts'
import { formatAddress } from '../../core/crypto/address.ts'
import { type JobSpec, jobHashOf } from '../../core/jobs/job-spec.ts'
import {
  type CoordinatorHost,
  type CoordinatorParts,
  openCoordinator,
} from '../../durable-objects/coordinator/parts.ts'
import type { SqlDatabase } from '../../durable-objects/coordinator/schema.ts'
import { type CoordinatorEnv, readSettings } from '../../durable-objects/coordinator/settings.ts'
import type { Agent } from './agent-socket.ts'
import { authority, createGenesis, mustOpen, type Person, person, sign } from './chain-world.ts'
import { createMemoryChainStore } from './memory-chain-store.ts'
import { createSqliteStorage } from './sqlite-storage.ts'

export const clientKey = 'client-key-of-the-tests'
export const minerKey = 'miner-key-of-the-tests'
export const legacyPayout = person('legacy miner')

const coordinatorSeed = createHash('sha256').update('world coordinator').digest()
export const worldCoordinator = person('world coordinator')

export type World = Awaited<ReturnType<typeof createWorld>>

/** Starts a chain and a coordinator on it. `alice` owns an escrow that is final. */
export async function createWorld(
  change: {
    readonly parameters?: Partial<Genesis['parameters']>
    readonly env?: Partial<CoordinatorEnv>
    /** How long the disk takes to sync, virtual milliseconds. */
    readonly diskMs?: number
  } = {},
) {
  const { diskMs = 0 } = change
  const base = createGenesis()
  const alice = person('alice')
  const genesisTimeMs = Math.floor(Date.now() / slotMs) * slotMs
  const genesis: Genesis = {
    ...base,
    genesisTimeMs: BigInt(genesisTimeMs),
    parameters: {
      ...base.parameters,
      closeNoticeSlots: 1_800n,
      authorisationLifeSlots: 600n,
      faucetMax: 1_000_000_000n,
      ...change.parameters,
    },
    faucets: [authority.address],
    accounts: [
      { address: alice.address, balance: 20_000_000_000n },
      { address: authority.address, balance: 500_000_000_000n },
      { address: worldCoordinator.address, balance: 10_000_000_000n },
    ].sort((a, b) => Buffer.compare(a.address, b.address)),
  }
  const hash = genesisHash(genesis)
  const engine = mustOpen({ store: createMemoryChainStore(), genesis, signer: authority })
  const initialSupply = engine.status(Date.now()).supply.held
  let isChainDown = false
  const chain = chainService()
  setInterval(() => void engine.tick(Date.now()), 250)

  const disk = createSqliteStorage()
  const env = {
    GENESIS_JSON: JSON.stringify(genesisToJson(genesis)),
    COORDINATOR_KEY: coordinatorSeed.toString('hex'),
    WALLET_ENCRYPTION_KEY: Buffer.alloc(32, 7).toString('base64url'),
    CLIENT_API_KEYS: JSON.stringify([clientKey]),
    MINER_API_KEYS: JSON.stringify([minerKey]),
    ADMIN_API_KEYS: '[]',
    MINER_PAYOUTS: JSON.stringify({ [minerKey]: formatAddress(legacyPayout.address) }),
  }
  let settings: CoordinatorEnv = { ...env, ...change.env }
  let life = 0
  let sockets: FakeSocket[] = []
  /** Called before every write with its number since the start; throwing fails it. */
  let beforeWrite: ((count: number) => void) | undefined
  let writes = 0
  let parts: CoordinatorParts | undefined
  let alarm: ReturnType<typeof setTimeout> | undefined
  let alarmAtMs = Number.POSITIVE_INFINITY

  function chainService(): ChainService {
    const call = async <T>(answer: () => T): Promise<T> => {
      await Promise.resolve()
      if (isChainDown) throw new Error('the chain is down')
      return answer()
    }
    const unused = () => Promise.reject(new Error('not used by the coordinator'))
    return {
      submit: (transactions) => call(() => engine.submit(transactions, Date.now())),
      head: () => call(() => engine.head()),
      account: (address) => call(() => engine.account(address)),
      finalEscrow: (id) => call(() => engine.finalEscrow(id)),
      transaction: (of) => call(() => engine.transaction(of)),
      faucet: (to, amount) =>
        call(() => {
          const { nextNonce } = engine.account(authority.address)
          const message: Message = { TAG: 'faucet', data: { to, amount } }
          const validUntil = BigInt(slot() + 100)
          const bytes = sign({ by: authority, message, of: genesis, nonce: nextNonce, validUntil })
          const [verdict] = engine.submit([bytes], Date.now())
          if (!verdict) throw new Error('one transaction has one verdict')
          return verdict
        }),
      status: unused,
      proof: unused,
    }
  }

  const slot = () => Math.floor((Date.now() - genesisTimeMs) / slotMs)

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
    alarm = setTimeout(() => void work(own), Math.max(0, dueAtMs - Date.now()))
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
          now: () => Date.now(),
          wakeAt: (dueAtMs) => setAlarm(own, dueAtMs),
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
    current.sockets.accept(socket as unknown as WebSocket, address)
    return socket
  }

  /** Sends a message to the chain and waits until it is final. */
  const transact = async (by: Person, message: Message): Promise<Uint8Array> => {
    const { nextNonce } = engine.account(by.address)
    const validUntil = BigInt(slot() + 100)
    const body = { by, message, of: genesis, nonce: nextNonce, validUntil }
    const bytes = sign(body)
    const [verdict] = engine.submit([bytes], Date.now())
    if (!verdict?.ok) throw new Error(`refused: ${verdict?.error.code}`)
    for (let tries = 0; engine.transaction(verdict.hash)?.final !== true; tries += 1) {
      if (tries > 100) throw new Error('the chain makes no blocks')
      await vi.advanceTimersByTimeAsync(100)
    }
    return transactionHash(bytes)
  }

  const openEscrow = async (by: Person, amount: bigint): Promise<Uint8Array> => {
    const expiry = BigInt(slot() + 20_000)
    const data = { coordinator: worldCoordinator.publicKey, amount, expiry, delegate: undefined }
    return escrowIdOf(await transact(by, { TAG: 'escrow_open', data }))
  }

  let number = 0n
  const specOf = (question: string, change: Partial<JobSpec> = {}): JobSpec => ({
    version: 1,
    model: 'test-model',
    messages: [{ role: 'user', content: question }],
    maxTokens: 64,
    temperatureMilli: 0,
    topPMilli: 1_000,
    seed: 1n,
    stop: [],
    extra: '',
    ...change,
  })

  /** A submission by an account, authorised by its own key. */
  const jobOf = (
    by: Person,
    escrow: Uint8Array,
    question: string,
    change: {
      limit?: bigint
      ttlSeconds?: number
      settleBy?: number
      number?: bigint
      spec?: Partial<JobSpec>
    } = {},
  ): SubmitJob => {
    const spec = specOf(question, change.spec)
    number += 1n
    const authorisation = {
      escrow,
      number: change.number ?? number,
      limit: change.limit ?? 1_000_000n,
      settleBy: BigInt(change.settleBy ?? slot() + 500),
      jobHash: jobHashOf(spec),
      signer: by.publicKey,
    }
    return {
      payload: { model: spec.model, prompt: question },
      constraints: {},
      spec,
      ttlSeconds: change.ttlSeconds ?? 600,
      limit: undefined,
      authorisation: {
        bytes: authorisationCoder.encode(authorisation),
        signature: by.sign(authorisationSigningBytes(hash, authorisation)),
      },
    }
  }

  const whoIs = (by: Person): Principal => ({
    kind: 'account',
    publicKey: by.publicKey,
    publicId: formatAddress(by.address),
  })

  start()
  const aliceEscrow = await openEscrow(alice, 10_000_000_000n)
  return {
    genesis,
    genesisHash: hash,
    engine,
    chain,
    slot,
    alice,
    aliceEscrow,
    initialSupply,
    parts: usable,
    isUp: () => parts !== undefined,
    start,
    kill,
    /** Kills it and starts it again, with these variables changed. */
    restart: (changed: Partial<CoordinatorEnv> = {}) => {
      settings = { ...settings, ...changed }
      kill()
      start()
    },
    connect,
    transact,
    openEscrow,
    specOf,
    jobOf,
    whoIs,
    setChainDown: (isDown: boolean) => {
      isChainDown = isDown
    },
    failWrites: (before: ((count: number) => void) | undefined) => {
      beforeWrite = before
    },
    writes: () => writes,
    rows: <T>(query: string): T[] => disk.sql.exec(query).toArray() as unknown as T[],
    /** Submits for `alice` from her escrow, and fails the test when that is refused. */
    submit: async (question: string, job: Parameters<typeof jobOf>[3] = {}) => {
      const asked = jobOf(alice, aliceEscrow, question, job)
      const kept = await usable().clientJobs.submit(whoIs(alice), asked)
      if (!kept.ok) throw new Error(`refused: ${kept.error.code}`)
      return kept.value
    },
    /** The job as `alice` sees it. */
    view: (jobId: string) => {
      const found = usable().clientJobs.job(whoIs(alice), jobId)
      if (!found.ok) throw new Error(found.error.code)
      return found.value
    },
    /** Lets virtual time pass. */
    pass: (ms: number) => vi.advanceTimersByTimeAsync(ms),
    keyPrincipal: (scope: 'client' | 'miner'): Principal => {
      const publicId = usable().apiKeys.publicIdOf(scope === 'client' ? clientKey : minerKey, scope)
      if (publicId === undefined) throw new Error('the key is known')
      return { kind: 'api_key', scope, publicId }
    },
    hex: toHex,
  }
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/** The server's end of a socket in memory, as much as the coordinator uses. */
export type FakeSocket = {
  readonly peer: ReturnType<Agent['attach']>
  attachment: unknown
}

function createFakeSocket(
  agent: Agent,
  server: { readonly onMessage: (text: string) => void; readonly onClose: () => void },
): FakeSocket & Record<string, unknown> {
  let isOpen = true
  const later = (action: () => void) => void setTimeout(action, 0)
  const socket = {
    attachment: undefined as unknown,
    accept: () => undefined,
    serializeAttachment: (value: unknown) => {
      socket.attachment = structuredClone(value)
    },
    deserializeAttachment: () => socket.attachment,
    send: (text: string) => {
      if (!isOpen) throw new Error('closed')
      later(() => isOpen && socket.peer.receive(text))
    },
    close: (code: number, reason: string) => {
      if (!isOpen) return
      isOpen = false
      later(() => {
        socket.peer.onClose(code, reason)
        server.onClose()
      })
    },
    peer: agent.attach({
      send: (text) => later(() => isOpen && server.onMessage(text)),
      close: () => {
        if (!isOpen) return
        isOpen = false
        later(() => {
          socket.peer.onClose(1000, '')
          server.onClose()
        })
      },
    }),
  }
  return socket
}
