/**
 * Reading what `/rpc` answered back into views: for programs that follow another site's chain and for
 * light clients. Answers come from outside, so every field is checked before it is used.
 */
import * as z from 'zod'
import { err, ok, type Result } from '../base/result.ts'
import { certificateCoder, headerCoder } from '../chain/block.ts'
import { genesisJsonSchema, parseGenesis } from '../chain/genesis.ts'
import { outcomeCoder } from '../chain/outcome.ts'
import { decodeTransaction, transactionHash } from '../chain/transaction.ts'
import { parseAddress } from '../crypto/address.ts'
import type {
  AccountView,
  BondView,
  BookingView,
  ClaimableView,
  EscrowView,
  HeadView,
  ProofView,
  StatusView,
  SubmitRefusal,
  SubmitVerdict,
  TransactionView,
} from './chain-service.ts'
import { bytes, canonical, units, whole } from './wire-schemas.ts'

/** The answer is not what this version of the protocol says. */
export type AnswerError = { readonly code: 'ANSWER_INVALID'; readonly message: string }

const address = z.string().transform((text, context) => {
  const read = parseAddress(text)
  if (read.ok) return read.value
  context.addIssue({ code: 'custom', message: read.error.message })
  return z.NEVER
})

const headSchema = z
  .object({
    height: whole,
    slot: whole,
    hash: bytes(32),
    state_root: bytes(32),
    proposer: bytes(32),
    tx_count: whole,
    final_height: whole,
    final_slot: whole,
    final_hash: bytes(32),
    certificate: z.nullable(canonical(certificateCoder)),
  })
  .transform(
    (head): HeadView => ({
      height: head.height,
      slot: head.slot,
      hash: head.hash,
      stateRoot: head.state_root,
      proposer: head.proposer,
      transactionCount: head.tx_count,
      finalHeight: head.final_height,
      finalSlot: head.final_slot,
      finalHash: head.final_hash,
      certificate: head.certificate ?? undefined,
    }),
  )

const statusSchema = z.object({
  chain_id: z.string(),
  genesis_hash: bytes(32),
  genesis: genesisJsonSchema,
  genesis_time_ms: whole,
  slot: z.int(),
  head: headSchema,
  indexed_height: z.int().min(-1),
  kept_from: z._default(whole, 0),
  mempool_size: whole,
  supply: z.object({ genesis: units, minted: units, burned: units, held: units }),
  authorities: z.array(z.object({ public_key: bytes(32), name: z.string() })),
  authorities_until: z.nullish(whole),
  proposing: z.boolean(),
  fault: z.string().nullable(),
})

const accountSchema = z.object({
  address,
  balance: whole,
  nonce: whole,
  next_nonce: whole,
  final_balance: units,
  final_nonce: whole,
})

const escrowSchema = z.object({
  id: bytes(32),
  owner: address,
  coordinator: bytes(32),
  balance: units,
  expiry_slot: whole,
  closes_at_slot: z.nullable(whole),
  delegates: z.array(
    z.object({
      delegate: bytes(32),
      budget: units,
      expiry_slot: whole,
      revoked_at_slot: z.nullable(whole),
    }),
  ),
})

const bookingSchema = z.object({
  id: bytes(32),
  buyer: address,
  provider: address,
  coordinator: bytes(32),
  offer: bytes(32),
  start_slot: whole,
  end_slot: whole,
  price: units,
  balance: units,
})

const bondSchema = z.object({
  owner: address,
  amount: units,
  since_slot: whole,
  leaves_at_slot: z.nullable(whole),
  slashed_at_slot: z.nullable(whole),
})

const claimableSchema = z.object({
  authorisation: bytes(32),
  receipt: bytes(32),
  miner: address,
  amount: units,
  expiry_slot: whole,
})

const transactionSchema = z.object({
  bytes: bytes(),
  block_height: z.nullable(whole),
  index: z.nullable(whole),
  slot: z.nullable(whole),
  status: z.enum(['pending', 'included', 'final']),
  outcome_bytes: z.nullable(canonical(outcomeCoder)),
})

const verdictSchema = z.union([
  z.object({ ok: z.literal(true), tx_hash: bytes(32), known: z.boolean() }),
  z.object({
    ok: z.literal(false),
    tx_hash: bytes(32),
    error: z.object({ code: z.string(), message: z.string() }),
  }),
])

const proofSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('transaction'),
    header: canonical(headerCoder),
    certificate: canonical(certificateCoder),
    index: whole,
    count: whole,
    transaction: bytes(),
    outcome: bytes(),
    transaction_path: z.array(bytes(32)).max(32),
    outcome_path: z.array(bytes(32)).max(32),
  }),
  z.object({
    kind: z.literal('state'),
    header: canonical(headerCoder),
    certificate: canonical(certificateCoder),
    key: bytes(),
    value: z.nullable(bytes()),
    proof: bytes(),
  }),
])

/** Reads `GET /rpc/head`. */
export const readHead = (json: unknown): Result<HeadView, AnswerError> => read(headSchema, json)

/** Reads `GET /rpc/status`. The parameters are those of the genesis it carries. */
export function readStatus(json: unknown): Result<StatusView, AnswerError> {
  const status = read(statusSchema, json)
  if (!status.ok) return status
  const genesis = parseGenesis(status.value.genesis)
  if (!genesis.ok) return invalid(genesis.error.message)
  const { value } = status
  return ok({
    chainId: value.chain_id,
    genesisHash: value.genesis_hash,
    genesisTimeMs: value.genesis_time_ms,
    parameters: genesis.value.parameters,
    authorities: value.authorities.map(({ public_key, name }) => ({ publicKey: public_key, name })),
    authoritiesUntil: value.authorities_until ?? undefined,
    head: value.head,
    currentSlot: value.slot,
    mempoolSize: value.mempool_size,
    indexedHeight: value.indexed_height,
    keptFrom: value.kept_from,
    supply: value.supply,
    proposing: value.proposing,
    fault: value.fault ?? undefined,
  })
}

/** Reads `GET /rpc/getBalance/{address}`. */
export function readAccount(json: unknown): Result<AccountView, AnswerError> {
  const account = read(accountSchema, json)
  if (!account.ok) return account
  const { value } = account
  return ok({
    address: value.address,
    balance: BigInt(value.balance),
    nonce: BigInt(value.nonce),
    nextNonce: BigInt(value.next_nonce),
    finalBalance: value.final_balance,
    finalNonce: BigInt(value.final_nonce),
  })
}

/** Reads `GET /rpc/escrow/{id}`. */
export function readEscrow(json: unknown): Result<EscrowView, AnswerError> {
  const escrow = read(escrowSchema, json)
  if (!escrow.ok) return escrow
  const { value } = escrow
  return ok({
    id: value.id,
    owner: value.owner,
    coordinator: value.coordinator,
    balance: value.balance,
    expirySlot: value.expiry_slot,
    closesAtSlot: value.closes_at_slot ?? undefined,
    delegates: value.delegates.map((terms) => ({
      delegate: terms.delegate,
      budget: terms.budget,
      expirySlot: terms.expiry_slot,
      revokedAtSlot: terms.revoked_at_slot ?? undefined,
    })),
  })
}

/** Reads `GET /rpc/booking/{id}`. */
export function readBooking(json: unknown): Result<BookingView, AnswerError> {
  const booking = read(bookingSchema, json)
  if (!booking.ok) return booking
  const { start_slot: startSlot, end_slot: endSlot, ...rest } = booking.value
  return ok({ ...rest, startSlot, endSlot })
}

/** Reads `GET /rpc/bond/{address}`. */
export function readBond(json: unknown): Result<BondView, AnswerError> {
  const bond = read(bondSchema, json)
  if (!bond.ok) return bond
  const { value } = bond
  return ok({
    owner: value.owner,
    amount: value.amount,
    sinceSlot: value.since_slot,
    leavesAtSlot: value.leaves_at_slot ?? undefined,
    slashedAtSlot: value.slashed_at_slot ?? undefined,
  })
}

/** Reads `GET /rpc/claimable/{authorisation}`. */
export function readClaimable(json: unknown): Result<ClaimableView, AnswerError> {
  const claimable = read(claimableSchema, json)
  if (!claimable.ok) return claimable
  const { expiry_slot: expirySlot, ...rest } = claimable.value
  return ok({ ...rest, expirySlot })
}

/** Reads `GET /rpc/tx/{hash}`: everything that matters comes out of the canonical bytes. */
export function readTransaction(json: unknown): Result<TransactionView, AnswerError> {
  const answer = read(transactionSchema, json)
  if (!answer.ok) return answer
  const { value } = answer
  const decoded = decodeTransaction(value.bytes)
  if (!decoded.ok) return invalid(decoded.error.message)
  const { body } = decoded.value
  const { block_height: height, index, slot } = value
  return ok({
    hash: transactionHash(value.bytes),
    bytes: value.bytes,
    sender: body.sender,
    nonce: body.nonce,
    fee: body.fee,
    validUntil: body.validUntil,
    message: body.message,
    block: height === null || index === null || slot === null ? undefined : { height, index, slot },
    outcome: value.outcome_bytes ?? undefined,
    final: value.status === 'final',
  })
}

/** Reads the verdicts of `POST /rpc/transactions` for a batch of `count`. */
export function readVerdicts(json: unknown, count: number): Result<SubmitVerdict[], AnswerError> {
  const answer = read(z.object({ verdicts: z.array(verdictSchema).length(count) }), json)
  return answer.ok ? ok(answer.value.verdicts.map(verdictOf)) : answer
}

/** Reads one verdict. */
export function readVerdict(json: unknown): Result<SubmitVerdict, AnswerError> {
  const answer = read(verdictSchema, json)
  return answer.ok ? ok(verdictOf(answer.value)) : answer
}

/** Reads `GET /rpc/proof/…`. Says nothing about the proof: `core/chain` checks it. */
export function readProof(json: unknown): Result<ProofView, AnswerError> {
  const answer = read(proofSchema, json)
  if (!answer.ok) return answer
  const { value } = answer
  if (value.kind === 'state') return ok({ ...value, value: value.value ?? undefined })
  const { transaction_path: transactionPath, outcome_path: outcomePath, ...rest } = value
  return ok({ ...rest, transactionPath, outcomePath })
}

function verdictOf(verdict: z.infer<typeof verdictSchema>): SubmitVerdict {
  const hash = verdict.tx_hash
  if (verdict.ok) return { ok: true, hash, known: verdict.known }
  // A newer site may know more reasons than this one; they are shown as they come.
  return { ok: false, hash, error: verdict.error as SubmitRefusal }
}

function read<T>(schema: z.ZodType<T>, json: unknown): Result<T, AnswerError> {
  const parsed = schema.safeParse(json)
  if (parsed.success) return ok(parsed.data)
  const issue = parsed.error.issues[0]
  return invalid(`${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'malformed'}`)
}

const invalid = (message: string): Result<never, AnswerError> =>
  err({ code: 'ANSWER_INVALID', message })
