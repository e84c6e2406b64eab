/** A payer, a coordinator and a miner with fixed keys, and offers between them as a site makes them. */
import { toHex } from '../../../core/base/bytes.ts'
import {
  type Authorisation,
  authorisationCoder,
  authorisationSigningBytes,
} from '../../../core/chain/authorisation.ts'
import { type Release, releaseCoder, releaseSigningBytes } from '../../../core/chain/release.ts'
import { signerFromSeed } from '../../../core/crypto/ed25519.ts'
import { type JobSpec, jobHashOf, jobSpecCoder } from '../../../core/jobs/job-spec.ts'
import type { ModelCard } from '../../../core/jobs/miner-protocol.ts'
import type { AgentOptions } from '../../../miner-agent/agent-state.ts'
import { deliver } from '../../../miner-agent/deliver.ts'
import type { LogFields, Logger } from '../../../miner-agent/log.ts'
import type { Offer } from '../../../miner-agent/offer.ts'
import { nodeVerifier } from '../../../miner-agent/verifier.ts'

export const genesisHash = new Uint8Array(32).fill(0xaa)
export const payer = signerFromSeed(new Uint8Array(32).fill(1))
export const coordinator = signerFromSeed(new Uint8Array(32).fill(2))
export const miner = signerFromSeed(new Uint8Array(32).fill(3))

export const pricePrompt = 1_000_000n
export const priceCompletion = 3_000_000n

export const tinyCard: ModelCard = {
  name: 'aitbc-tiny',
  context_tokens: 512,
  price_prompt: String(pricePrompt),
  price_completion: String(priceCompletion),
}

/** What the agents of tests have alike: room for one job at a time, the miner's key, no GPU. */
export const agentOptions = {
  api: '127.0.0.1:18000',
  gpuLock: undefined,
  verifier: nodeVerifier(),
  concurrency: 1,
  queueMax: 1,
  tokenTimeoutMs: 60_000,
  unreleasedMax: 100_000_000n,
  unsettledMax: 100_000_000n,
  models: () => [tinyCard],
  deliver: (attempt, outcome, site) => deliver({ attempt, outcome, site, signer: miner }),
  onChange: () => undefined,
} satisfies Partial<AgentOptions>

export function makeSpec(changes: Partial<JobSpec> = {}): JobSpec {
  return {
    version: 1,
    model: 'aitbc-tiny',
    messages: [{ role: 'user', content: 'What is the capital of France?' }],
    maxTokens: 64,
    temperatureMilli: 0,
    topPMilli: 1_000,
    seed: 7n,
    stop: [],
    extra: '',
    ...changes,
  }
}

let offers = 0

/** An offer as a sound site makes it; `change` spoils it. */
export function makeOffer(
  input: {
    readonly spec?: JobSpec
    readonly limit?: bigint
    readonly number?: bigint
    readonly settleBy?: bigint
    readonly authorisation?: Partial<Authorisation>
    readonly genesisHash?: Uint8Array
    readonly change?: Partial<Offer>
  } = {},
): Offer {
  const spec = input.spec ?? makeSpec()
  offers += 1
  const authorisation: Authorisation = {
    escrow: new Uint8Array(32).fill(9),
    number: input.number ?? BigInt(offers),
    limit: input.limit ?? 50_000_000n,
    settleBy: input.settleBy ?? 1_000_000n,
    jobHash: jobHashOf(spec),
    signer: payer.publicKey,
    ...input.authorisation,
  }
  const message = authorisationSigningBytes(input.genesisHash ?? genesisHash, authorisation)
  const name = (letter: string) => `${letter}${String(offers).padStart(31, '0')}`
  return {
    type: 'offer',
    attempt_id: name('a'),
    job_id: name('b'),
    attempt: 1,
    lease_ms: 30_000,
    spec: toHex(jobSpecCoder.encode(spec)),
    payload: { model: spec.model, prompt: spec.messages[0]?.content ?? '' },
    constraints: {},
    client: 'client-1',
    requested_at_ms: 1_000,
    receipt_id: name('c'),
    limit: String(authorisation.limit),
    authorisation: toHex(authorisationCoder.encode(authorisation)),
    authorisation_signature: toHex(payer.sign(message)),
    price_prompt: String(pricePrompt),
    price_completion: String(priceCompletion),
    ...input.change,
  }
}

/** The coordinator's release frame. */
export function makeRelease(input: {
  readonly attemptId: string
  readonly jobId: string
  readonly release: Release
  readonly signer?: typeof coordinator
}) {
  const { release, signer = coordinator } = input
  return {
    type: 'release' as const,
    attempt_id: input.attemptId,
    job_id: input.jobId,
    release: toHex(releaseCoder.encode(release)),
    release_signature: toHex(signer.sign(releaseSigningBytes(genesisHash, release))),
  }
}

/** Keeps log lines. */
export function recordingLogger(): Logger & {
  readonly lines: { readonly level: string; readonly event: string; readonly fields: LogFields }[]
} {
  const lines: { level: string; event: string; fields: LogFields }[] = []
  const at =
    (level: string) =>
    (event: string, fields: LogFields = {}) => {
      lines.push({ level, event, fields })
    }
  return { lines, debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
}
