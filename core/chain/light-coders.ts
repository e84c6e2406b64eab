/** Canonical bytes of what light clients ask for and remember. */
import * as P from 'micro-packed'
import { bytesEqual } from '../base/bytes.ts'
import {
  bytes32,
  type Coder,
  count,
  decodeCanonical,
  optional,
  u8,
  u16,
  u32,
} from '../base/coders.ts'
import { certificateCoder, headerCoder } from './block.ts'
import { type AuthoritySet, authoritySetCoder, type Genesis, genesisHash } from './genesis.ts'
import type { LightState, LightStep } from './light.ts'
import type { LightAnswer } from './light-fact.ts'
import type { FactView } from './views.ts'

const path: Coder<Uint8Array[]> = P.array(u8, bytes32)

/** A certified block on the way of a light client. */
export const lightStepCoder = P.struct({
  header: headerCoder,
  certificate: certificateCoder,
  path,
  authorities: optional(authoritySetCoder),
}) as unknown as Coder<LightStep>

type TaggedFact =
  | { TAG: 'transaction'; data: Omit<Extract<FactView, { kind: 'transaction' }>, 'kind'> }
  | { TAG: 'state'; data: Omit<Extract<FactView, { kind: 'state' }>, 'kind'> }

const taggedFact = P.mappedTag(u8, {
  transaction: [
    1,
    P.struct({
      header: headerCoder,
      index: u16,
      count: u16,
      transaction: P.bytes(u32),
      outcome: P.bytes(u32),
      transactionPath: path,
      outcomePath: path,
    }),
  ],
  state: [
    2,
    P.struct({
      header: headerCoder,
      key: bytes32,
      value: optional(P.bytes(u16)),
      proof: P.bytes(u16),
    }),
  ],
}) as unknown as Coder<TaggedFact>

const answerStruct = P.struct({
  steps: P.array(u8, lightStepCoder as P.CoderType<LightStep>),
  more: P.bool,
  fact: optional(taggedFact),
  path,
})

/** A site's answer: the way to its newest final block, and the fact that was asked for. */
export const lightAnswerCoder: Coder<LightAnswer> = P.apply(answerStruct, {
  encode: ({ steps, more, fact, path: way }): LightAnswer => ({
    update: { steps, more },
    fact: fact && ({ kind: fact.TAG, ...fact.data } as FactView),
    path: way,
  }),
  decode: ({ update, fact, path: way }) => ({
    steps: [...update.steps],
    more: update.more,
    fact: fact && tagged(fact),
    path: [...way],
  }),
})

const stateStruct = P.struct({
  genesisHash: bytes32,
  authorities: authoritySetCoder,
  since: count,
  head: P.struct({ hash: bytes32, height: count, slot: count }),
})

/** Bytes to remember a state by. */
export const encodeLightState = (state: LightState): Uint8Array =>
  stateStruct.encode({ ...state, authorities: [...state.authorities] as AuthoritySet })

/** A remembered state of this chain; undefined when the bytes are not one. */
export function decodeLightState(genesis: Genesis, bytes: Uint8Array): LightState | undefined {
  const decoded = decodeCanonical(stateStruct, bytes)
  if (!decoded.ok || decoded.value.authorities.length === 0) return undefined
  if (!bytesEqual(decoded.value.genesisHash, genesisHash(genesis))) return undefined
  return { ...decoded.value, genesisTimeMs: Number(genesis.genesisTimeMs) }
}

function tagged({ kind, ...data }: FactView): TaggedFact {
  return { TAG: kind, data } as unknown as TaggedFact
}
