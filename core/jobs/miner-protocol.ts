/**
 * Miner protocol, version 1: JSON text frames on the WebSocket `/api/v1/miners/ws` between a coordinator
 * and a miner agent. Amounts are decimal strings of base units; keys, hashes and signatures are lower-case
 * hex; canonical objects (receipts, releases, authorisations) travel as hex of their coder's bytes.
 *
 * Order: server `challenge` → miner `hello` (signed) → server `welcome`; then offers, each answered by
 * `accept` or `reject`; then `tokens` and `progress`; then `result` or `fail`; then server `release`, and
 * `settled` when the payment is final. Every attempt frame may be sent again after a reconnect: the pair
 * (attempt, seq) makes it idempotent.
 *
 * A message is one frame, or a JSON array of frames in their order where its reader has said in `challenge` or
 * `hello` how many it takes: a message costs both sides more than what is in most of them.
 */
import * as z from 'zod'
import { featuresSchema } from './model-features.ts'

/** Sub-protocol name and version. A server refuses others with close code 4400. */
export const minerProtocolVersion = 1

/** Bounds of this protocol. */
export const minerProtocolLimits = {
  /** Bytes of one message, either way. */
  frameBytesMax: 1_048_576,
  /** Frames that our programs take in one message. */
  framesMax: 64,
  /** Bytes of text in one tokens frame. */
  tokensTextBytesMax: 65_536,
  modelsMax: 64,
  gpusMax: 16,
  concurrencyMax: 64,
  /** Attempts named in a resume. */
  resumeMax: 256,
  /** Unknown or malformed frames before the socket is closed with 4400. */
  badFramesMax: 5,
  /** Seconds a socket may stay without a valid hello. */
  helloTimeoutMs: 10_000,
} as const

/** Why a server closes a miner's socket: WebSocket close codes. */
export const minerCloseCodes = {
  protocol: 4400,
  unauthenticated: 4401,
  replaced: 4409,
  tooManySockets: 4429,
  goingAway: 1001,
} as const

const hex = (bytes: number) => z.string().regex(new RegExp(`^[0-9a-f]{${bytes * 2}}$`))
const hexBytes = z
  .string()
  .regex(/^(?:[0-9a-f]{2})+$/)
  .max(131_072)
const units = z.string().regex(/^(?:0|[1-9][0-9]{0,19})$/)
const count = z
  .int()
  .min(0)
  .max(2 ** 31)
const unixMs = z.int().min(0)
const identifier = hex(16)

/** One model that a miner serves. Prices in base units for 1 000 tokens. */
export const modelCardSchema = z.object({
  name: z.string().min(1).max(128),
  context_tokens: count,
  price_prompt: units,
  price_completion: units,
  digest: z.string().max(128).optional(),
  /** What it can be asked for (model-features.ts); a plain chat when absent. */
  features: featuresSchema.optional(),
})
export type ModelCard = z.infer<typeof modelCardSchema>

/** One GPU as the driver names it. */
export const gpuCardSchema = z.object({
  index: count,
  name: z.string().max(128),
  memory_mib: count,
  cuda: z.string().max(32).optional(),
})

/** What a miner can do: signed as part of `hello` (its JSON text is hashed into the challenge answer). */
export const capabilityCardSchema = z.object({
  engine: z.string().max(32),
  agent_version: z.string().max(32),
  models: z.array(modelCardSchema).max(minerProtocolLimits.modelsMax),
  gpus: z.array(gpuCardSchema).max(minerProtocolLimits.gpusMax),
  concurrency: z.int().min(1).max(minerProtocolLimits.concurrencyMax),
  region: z.string().max(64).optional(),
  /** Base units for one place for an hour; without this and the next it is not to be booked. */
  price_hour: units.optional(),
  /** Base units for a second of one GPU, stated instead: core/market/time-price.ts. */
  price_gpu_second: units.optional(),
})
export type CapabilityCard = z.infer<typeof capabilityCardSchema>

/** Why an answer ended: by itself, at a limit, or to have functions called (answer.ts). */
export const finishSchema = z.enum(['stop', 'length', 'tool_calls'])
export type Finish = z.infer<typeof finishSchema>

const attempt = { attempt_id: identifier }

/** Most frames that whoever says so takes in one message; one when absent. */
const framesMax = z.int().min(1).optional()

/** Server → miner. */
export const serverFrameSchema = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('challenge'),
    version: z.int(),
    nonce: hex(32),
    /** Host name under which the site knows itself: part of what is signed. */
    site: z.string(),
    genesis_hash: hex(32),
    chain_id: z.string(),
    coordinator: hex(32),
    frames_max: framesMax,
  }),
  z.object({
    type: z.literal('welcome'),
    miner_id: z.string(),
    heartbeat_ms: count,
    /** Attempts that the coordinator still holds for this miner; others are to be dropped. */
    resume: z.array(z.object({ ...attempt, next_seq: count })),
  }),
  z.object({
    type: z.literal('offer'),
    ...attempt,
    job_id: identifier,
    attempt: count,
    /** Milliseconds without progress after which the lease lapses. */
    lease_ms: count,
    /** Canonical job specification (job-spec.ts), the thing to compute. */
    spec: hexBytes,
    /** Payload and constraints as the client sent them, for the legacy receipt. */
    payload: z.record(z.string(), z.unknown()),
    constraints: z.record(z.string(), z.unknown()),
    /** Public id of the payer. */
    client: z.string(),
    requested_at_ms: unixMs,
    receipt_id: identifier,
    /** Most that this job can pay, and the signed permission that says so. */
    limit: units,
    authorisation: hexBytes,
    authorisation_signature: hex(64),
    price_prompt: units,
    price_completion: units,
    /** Least that the finished job is charged, whatever its tokens; 1 when absent. */
    charge_min: units.optional(),
    /**
     * Id of the booking on the chain that pays for the time: both prices are 0 then, and the least charge is all
     * that is billed. A miner works for it only where the chain shows that booking.
     */
    booking: hex(32).optional(),
    /** Id of the agreement whose price of answer tokens this is. */
    agreement: identifier.optional(),
  }),
  z.object({
    type: z.literal('cancel'),
    ...attempt,
    reason: z.string(),
    /**
     * Token frames below this number were delivered and are paid: answer with a `result` of finish
     * `canceled` over exactly these, with `prompt_tokens` 0. Absent where nothing is paid.
     */
    paid_seq: count.optional(),
  }),
  /** The result was taken and its payment waits for a decision: no release yet. Told again on resume. */
  z.object({
    type: z.literal('held'),
    ...attempt,
    job_id: identifier,
    reasons: z.array(z.object({ code: z.string().max(64), message: z.string().max(1024) })).max(16),
    /** Unpaid for good when nobody has released it by then. */
    until_ms: unixMs,
  }),
  z.object({
    type: z.literal('release'),
    ...attempt,
    job_id: identifier,
    release: hexBytes,
    release_signature: hex(64),
  }),
  z.object({ type: z.literal('refused'), ...attempt, code: z.string(), message: z.string() }),
  z.object({
    type: z.literal('settled'),
    ...attempt,
    tx_hash: hex(32),
    block_height: count,
    amount: units,
  }),
  z.object({ type: z.literal('error'), code: z.string(), message: z.string() }),
])
export type ServerFrame = z.infer<typeof serverFrameSchema>

/** Miner → server. */
export const minerFrameSchema = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('hello'),
    version: z.int(),
    miner_id: z.string().regex(/^[A-Za-z0-9._-]{1,64}$/),
    public_key: hex(32),
    /** Over `minerChallengeBytes`. */
    signature: hex(64),
    /** JSON text of the capability card: hashed as sent, so no canonical JSON is needed. */
    card: z.string().max(65_536),
    resume: z.array(identifier).max(minerProtocolLimits.resumeMax),
    /** Optional API key of a site that admits only known miners. */
    api_key: z.string().max(256).optional(),
    frames_max: framesMax,
  }),
  z.object({ type: z.literal('heartbeat'), inflight: count, queued: count }),
  z.object({ type: z.literal('accept'), ...attempt }),
  z.object({
    type: z.literal('reject'),
    ...attempt,
    code: z.string().max(64),
    message: z.string().max(1024),
  }),
  z.object({
    type: z.literal('tokens'),
    ...attempt,
    /** 0, 1, 2 … within the attempt. A repeated seq is ignored, a gap is an error. */
    seq: count,
    text: z.string(),
    count,
  }),
  z.object({ type: z.literal('progress'), ...attempt }),
  z.object({
    type: z.literal('result'),
    ...attempt,
    text: z.string(),
    /** `canceled`: the answer to a `cancel` that names what is paid. */
    finish: z.enum([...finishSchema.options, 'canceled']),
    prompt_tokens: count,
    completion_tokens: count,
    /** Canonical receipt and its signature by the miner's key. */
    receipt: hexBytes,
    receipt_signature: hex(64),
    /** Legacy JSON receipt (without signature) as text, and its signature by the miner's key. */
    legacy_receipt: z.string(),
    legacy_signature: hex(64),
  }),
  z.object({
    type: z.literal('fail'),
    ...attempt,
    code: z.string().max(64),
    message: z.string().max(1024),
    retryable: z.boolean(),
  }),
  /** No further offers; running attempts go on. */
  z.object({ type: z.literal('drain') }),
])
export type MinerFrame = z.infer<typeof minerFrameSchema>
