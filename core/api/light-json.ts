/**
 * What light clients ask a site, as JSON: hex of canonical bytes throughout, as in `ProofJson`. Reading says
 * nothing about the content: `core/chain/light.ts` judges it.
 */
import * as z from 'zod/mini'
import { toHex } from '../base/bytes.ts'
import { err, ok, type Result, unreachable } from '../base/result.ts'
import { readBy } from '../base/schema.ts'
import { certificateCoder, headerCoder } from '../chain/block.ts'
import { authoritySetCoder } from '../chain/genesis.ts'
import type { LightStep, LightUpdate } from '../chain/light.ts'
import type { LightAnswer, LightSubject } from '../chain/light-fact.ts'
import { proofSubjectOf } from '../chain/light-fact.ts'
import type { FactView, ProofSubject } from '../chain/views.ts'
import { formatAddress } from '../crypto/address.ts'
import type { AnswerError } from './rpc-read.ts'
import { bytes, canonical, whole } from './wire-schemas.ts'

/** One certified block on the way. */
export type LightStepJson = {
  readonly height: number
  readonly header: string
  readonly certificate: string
  readonly path: readonly string[]
  /** Null where the authorities stay who they are. */
  readonly authorities: string | null
}

/** `GET /rpc/light`. */
export type LightUpdateJson = { readonly steps: readonly LightStepJson[]; readonly more: boolean }

/** A fact of one block. */
export type FactJson =
  | {
      readonly kind: 'transaction'
      readonly header: string
      readonly index: number
      readonly count: number
      readonly transaction: string
      readonly outcome: string
      readonly transaction_path: readonly string[]
      readonly outcome_path: readonly string[]
    }
  | {
      readonly kind: 'state'
      readonly header: string
      readonly key: string
      /** Null shows that there is none. */
      readonly value: string | null
      readonly proof: string
    }

/** `GET /rpc/light/proof/…`. */
export type LightAnswerJson = LightUpdateJson & {
  /** Null where the way goes on: ask again from its end. */
  readonly fact: FactJson | null
  readonly path: readonly string[]
}

/** Where a site answers about a subject, for who stands at height `from`. */
export function lightTarget(subject: LightSubject, from: number): string | undefined {
  const wanted = proofSubjectOf(subject)
  if (wanted === undefined) return undefined
  return `/rpc/light/proof/${wanted.kind}/${nameOfSubject(wanted)}?from=${from}`
}

/** A subject as it stands in the path of `/rpc/proof/` and `/rpc/light/proof/`, after its kind. */
export function nameOfSubject(subject: ProofSubject): string {
  switch (subject.kind) {
    case 'account':
    case 'bond':
      return formatAddress(subject.address)
    case 'escrow':
    case 'booking':
      return toHex(subject.id)
    case 'transaction':
      return toHex(subject.hash)
    default:
      return unreachable(subject)
  }
}

/** Writes the way to the newest final block. */
export const lightUpdateToJson = ({ steps, more }: LightUpdate): LightUpdateJson => ({
  steps: steps.map((step) => ({
    height: Number(step.header.height),
    header: toHex(headerCoder.encode(step.header)),
    certificate: toHex(certificateCoder.encode(step.certificate)),
    path: step.path.map(toHex),
    authorities: step.authorities ? toHex(authoritySetCoder.encode(step.authorities)) : null,
  })),
  more,
})

/** Writes a fact with the way to it. */
export const lightAnswerToJson = ({ update, fact, path }: LightAnswer): LightAnswerJson => ({
  ...lightUpdateToJson(update),
  fact: fact ? factToJson(fact) : null,
  path: path.map(toHex),
})

/** Reads `GET /rpc/light`. */
export function readLightUpdate(json: unknown): Result<LightUpdate, AnswerError> {
  const parsed = readBy(updateSchema, json)
  return parsed.ok ? parsed : invalid(parsed.error)
}

/** Reads `GET /rpc/light/proof/…`. */
export function readLightAnswer(json: unknown): Result<LightAnswer, AnswerError> {
  const parsed = readBy(answerSchema, json)
  if (!parsed.ok) return invalid(parsed.error)
  const { steps, more, fact, path: way } = parsed.value
  return ok({ update: { steps, more }, fact: fact ?? undefined, path: way })
}

function factToJson(fact: FactView): FactJson {
  const header = toHex(headerCoder.encode(fact.header))
  if (fact.kind === 'state') {
    const value = fact.value ? toHex(fact.value) : null
    return { kind: 'state', header, key: toHex(fact.key), value, proof: toHex(fact.proof) }
  }
  const { index, count, transaction, outcome } = fact
  return {
    kind: 'transaction',
    header,
    index,
    count,
    transaction: toHex(transaction),
    outcome: toHex(outcome),
    transaction_path: fact.transactionPath.map(toHex),
    outcome_path: fact.outcomePath.map(toHex),
  }
}

const path = z.array(bytes(32)).check(z.maxLength(64))

const stepFields = z.object({
  header: canonical(headerCoder),
  certificate: canonical(certificateCoder),
  path,
  authorities: z.nullable(canonical(authoritySetCoder)),
})
const stepSchema = z.pipe(
  stepFields,
  z.transform(
    (step: z.output<typeof stepFields>): LightStep => ({
      ...step,
      authorities: step.authorities ?? undefined,
    }),
  ),
)
const updateFields = { steps: z.array(stepSchema).check(z.maxLength(64)), more: z.boolean() }
const updateSchema = z.object(updateFields)

const factSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('transaction'),
    header: canonical(headerCoder),
    index: whole,
    count: whole,
    transaction: bytes(),
    outcome: bytes(),
    transaction_path: path,
    outcome_path: path,
  }),
  z.object({
    kind: z.literal('state'),
    header: canonical(headerCoder),
    key: bytes(),
    value: z.nullable(bytes()),
    proof: bytes(),
  }),
])
const answerSchema = z.object({
  ...updateFields,
  fact: z.nullable(z.pipe(factSchema, z.transform(factOf))),
  path,
})

function factOf(fact: z.output<typeof factSchema>): FactView {
  if (fact.kind === 'state') return { ...fact, value: fact.value ?? undefined }
  const { transaction_path: transactionPath, outcome_path: outcomePath, ...rest } = fact
  return { ...rest, transactionPath, outcomePath }
}

const invalid = (message: string): Result<never, AnswerError> =>
  err({ code: 'ANSWER_INVALID', message })
