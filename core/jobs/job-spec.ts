/**
 * Job specification: what is to be computed, in canonical form. Its hash stands in the authorisation, so
 * that a permission to pay for one question cannot pay for another.
 */
import * as P from 'micro-packed'
import { text, u8, u32, u64 } from '../base/coders.ts'
import { taggedHash } from '../crypto/hash.ts'

/** `role`: system, user or assistant; `content`: UTF-8 text. */
const messageCoder = P.struct({ role: text, content: P.string(u32) })

/**
 * Whole numbers only: `temperatureMilli` and `topPMilli` are thousandths; `maxTokens` bounds the answer;
 * `extra` is the canonical text of what else a legacy payload carried, empty for our own clients.
 */
export const jobSpecCoder = P.struct({
  version: u8,
  model: text,
  messages: P.array(P.U16BE, messageCoder),
  maxTokens: u32,
  temperatureMilli: u32,
  topPMilli: u32,
  seed: u64,
  stop: P.array(u8, text),
  extra: P.string(u32),
})
export type JobSpec = P.UnwrapCoder<typeof jobSpecCoder>

/** Names what is to be computed: 32 bytes. */
export const jobHashOf = (spec: JobSpec): Uint8Array =>
  taggedHash('aitbc/job/1', jobSpecCoder.encode(spec))
