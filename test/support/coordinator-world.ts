/**
 * A coordinator in the test's own process, in virtual time: the code that ships, over SQLite and a real
 * chain engine, with sockets in memory. It can be killed at any instant, its writes and its chain can fail.
 *
 * Call `vi.useFakeTimers()` first.
 */
import { createHash } from 'node:crypto'
import { vi } from 'vitest'
import type { Principal, SubmitJob } from '../../core/api/coordinator-service.ts'
import { authorisationCoder, authorisationSigningBytes } from '../../core/chain/authorisation.ts'
import { type Genesis, genesisHash, genesisToJson } from '../../core/chain/genesis.ts'
import { formatAddress } from '../../core/crypto/address.ts'
import { type JobSpec, jobHashOf } from '../../core/jobs/job-spec.ts'
import type { CoordinatorEnv } from '../../durable-objects/coordinator/settings.ts'
import { type Person, person } from './chain-world.ts'
import { type CoordinatorChain, createCoordinatorChain } from './coordinator-chain.ts'
import { createCoordinatorLife } from './coordinator-life.ts'

export const clientKey = 'client-key-of-the-tests'
export const minerKey = 'miner-key-of-the-tests'
export const legacyPayout = person('legacy miner')

export type World = Awaited<ReturnType<typeof createWorld>>

/** Starts a chain and a coordinator on it. `alice` owns an escrow that is final. */
export async function createWorld(
  change: {
    readonly parameters?: Partial<Genesis['parameters']>
    readonly env?: Partial<CoordinatorEnv>
    /** How long the disk takes to sync, virtual milliseconds. */
    readonly diskMs?: number
    readonly cooldown?: Parameters<typeof createCoordinatorLife>[0]['cooldown']
    /** Takes webhooks. */
    readonly post?: typeof fetch
  } = {},
) {
  const chain = createCoordinatorChain(change.parameters)
  const { engine, genesis, service } = chain
  const initialSupply = engine.status(Date.now()).supply.held
  const env = { ...envOf(genesis), ...change.env }
  const { cooldown, post, diskMs = 0 } = change
  const life = createCoordinatorLife({
    env,
    chain: service,
    ...(post && { post }),
    diskMs,
    ...(cooldown && { cooldown }),
  })
  const alice = person('alice')
  const { specOf, jobOf } = createQuestions(chain)
  life.start()
  const aliceEscrow = await chain.openEscrow(alice, 10_000_000_000n)
  const clientJobs = () => life.parts().clientJobs
  let isWatched = false
  return {
    ...life,
    /**
     * Sets the clock of this site and its miners; that of the chain is right. Timers run on, an alarm goes
     * by the clock, and the watchdog comes each minute.
     */
    jump: (ms: number): void => {
      vi.setSystemTime(Date.now() + ms)
      chain.keepTime(ms)
      life.rearm()
      if (!isWatched) setInterval(() => void life.watchdog(), 60_000)
      isWatched = true
    },
    env,
    genesis,
    genesisHash: genesisHash(genesis),
    engine,
    chain: service,
    slot: chain.slot,
    transact: chain.transact,
    openEscrow: chain.openEscrow,
    setChainDown: chain.setDown,
    alice,
    aliceEscrow,
    initialSupply,
    specOf,
    jobOf,
    whoIs,
    /** Kills it and starts it again, with these variables changed. */
    restart: (changed: Partial<CoordinatorEnv> = {}) => {
      life.change(changed)
      life.kill()
      life.start()
    },
    /** Submits for `alice` from her escrow, and fails the test when that is refused. */
    submit: async (question: string, job: Parameters<typeof jobOf>[3] = {}) => {
      const asked = jobOf(alice, aliceEscrow, question, job)
      const kept = await clientJobs().submit(whoIs(alice), asked)
      if (!kept.ok) throw new Error(`refused: ${kept.error.code}`)
      return kept.value
    },
    /** The job as `alice` sees it. */
    view: (jobId: string) => {
      const found = clientJobs().job(whoIs(alice), jobId)
      if (!found.ok) throw new Error(found.error.code)
      return found.value
    },
    /** Lets virtual time pass. */
    pass: (ms: number) => vi.advanceTimersByTimeAsync(ms),
    keyPrincipal: (scope: 'client' | 'miner'): Principal => {
      const apiKey = scope === 'client' ? clientKey : minerKey
      const publicId = life.parts().apiKeys.publicIdOf(apiKey, scope)
      if (publicId === undefined) throw new Error('the key is known')
      return { kind: 'api_key', scope, publicId }
    },
  }
}

const envOf = (genesis: Genesis): CoordinatorEnv => ({
  GENESIS_JSON: JSON.stringify(genesisToJson(genesis)),
  COORDINATOR_KEY: createHash('sha256').update('world coordinator').digest('hex'),
  WALLET_ENCRYPTION_KEY: Buffer.alloc(32, 7).toString('base64url'),
  CLIENT_API_KEYS: JSON.stringify([clientKey]),
  MINER_API_KEYS: JSON.stringify([minerKey]),
  ADMIN_API_KEYS: '[]',
  MINER_PAYOUTS: JSON.stringify({ [minerKey]: formatAddress(legacyPayout.address) }),
})

const whoIs = (by: Person): Principal => ({
  kind: 'account',
  publicKey: by.publicKey,
  publicId: formatAddress(by.address),
})

/** Submissions by accounts, authorised by their own keys; each with a number of its own. */
function createQuestions({ genesis, slot }: CoordinatorChain) {
  const hash = genesisHash(genesis)
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
  return { specOf, jobOf }
}
