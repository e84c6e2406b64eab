/** Jobs, miners, escrows and keys for the tests of the job rules. */
import type { EscrowView } from '../../../core/api/chain-service.ts'
import { utf8ToBytes } from '../../../core/base/bytes.ts'
import type { Authorisation } from '../../../core/chain/authorisation.ts'
import { addressOf } from '../../../core/crypto/address.ts'
import { signerFromSeed } from '../../../core/crypto/ed25519.ts'
import { sha256 } from '../../../core/crypto/hash.ts'
import { applyJobEvent, createJob, type Job, type JobEvent } from '../../../core/jobs/job.ts'
import type { JobSpec } from '../../../core/jobs/job-spec.ts'
import { jobHashOf } from '../../../core/jobs/job-spec.ts'
import type { LiveMiner } from '../../../core/jobs/matching.ts'
import type { MinerCard } from '../../../core/jobs/miner-card.ts'
import type { JobOffer } from '../../../core/jobs/outcome.ts'

export const signerOf = (name: string) => signerFromSeed(sha256(utf8ToBytes(name)))

export const genesisHash = sha256(utf8ToBytes('genesis of the tests'))
export const coordinator = signerOf('coordinator')
export const owner = signerOf('owner')
export const delegate = signerOf('delegate')
export const miner = signerOf('miner')

export const spec: JobSpec = {
  version: 1,
  model: 'aitbc-tiny',
  messages: [{ role: 'user', content: 'Say hé.' }],
  maxTokens: 64,
  temperatureMilli: 800,
  topPMilli: 1_000,
  seed: 7n,
  stop: [],
  extra: '',
}

/** A job in the queue since 1 000 000 ms, for 900 s. */
export const queued = (): Job =>
  createJob({ jobId: 'ab'.repeat(16), requestedAtMs: 1_000_000, ttlSeconds: 900 })

/** Applies events that must all be taken, at the given times. */
export function played(job: Job, ...steps: readonly (readonly [number, JobEvent])[]): Job {
  let now = job
  for (const [atMs, event] of steps) {
    const step = applyJobEvent(now, event, atMs)
    if (!step.ok) throw new Error(`${event.type}: ${step.error.code}`)
    now = step.value.job
  }
  return now
}

export const card = (changes: Partial<MinerCard> = {}): MinerCard => ({
  minerId: 'miner-a',
  kind: 'agent',
  engine: 'embedded',
  models: [
    {
      name: 'aitbc-tiny',
      contextTokens: 2_048,
      price: { promptPer1000: 1_000n, completionPer1000: 2_000n },
    },
  ],
  servesAnyModel: false,
  gpus: [{ name: 'RTX 4060 Ti', memoryMib: 16_380 }],
  cuda: '12.4',
  region: 'eu',
  concurrency: 2,
  listedPrice: undefined,
  ...changes,
})

export const live = (changes: Partial<LiveMiner> = {}): LiveMiner => ({
  card: card(),
  inflight: 0,
  idleSinceMs: 0,
  draining: false,
  ...changes,
})

export const escrow = (changes: Partial<EscrowView> = {}): EscrowView => ({
  id: sha256(utf8ToBytes('escrow')),
  owner: addressOf(owner.publicKey),
  coordinator: coordinator.publicKey,
  balance: 1_000_000n,
  expirySlot: 10_000,
  closesAtSlot: undefined,
  delegates: [
    { delegate: delegate.publicKey, budget: 400_000n, expirySlot: 9_000, revokedAtSlot: undefined },
  ],
  ...changes,
})

export const authorisation = (changes: Partial<Authorisation> = {}): Authorisation => ({
  escrow: escrow().id,
  number: 1n,
  limit: 5_000n,
  settleBy: 700n,
  jobHash: jobHashOf(spec),
  signer: owner.publicKey,
  ...changes,
})

export const offer = (changes: Partial<JobOffer> = {}): JobOffer => ({
  receiptId: 'cd'.repeat(16),
  jobId: 'ab'.repeat(16),
  attempt: 1,
  client: 'client-1',
  minerId: 'miner-a',
  coordinator: coordinator.publicKey,
  minerKey: miner.publicKey,
  miner: addressOf(miner.publicKey),
  authorisation: sha256(utf8ToBytes('authorisation')),
  spec,
  payload: { type: 'inference', prompt: 'Say hé.' },
  constraints: {},
  requestedAtMs: 1_000_000,
  limit: 5_000n,
  price: { promptPer1000: 1_000n, completionPer1000: 2_000n },
  ...changes,
})
