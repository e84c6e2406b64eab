/**
 * Job specification: what is to be computed, in canonical form. Its hash stands in the authorisation, so
 * that a permission to pay for one question cannot pay for another.
 */
import * as P from 'micro-packed'
import { text, u8, u32, u64 } from '../base/coders.ts'
import { taggedHash } from '../crypto/hash.ts'

/** `role`: system, user, assistant or tool; `content`: UTF-8 text. */
const messageCoder = P.struct({ role: text, content: P.string(u32) })

/**
 * Whole numbers only: `temperatureMilli` and `topPMilli` are thousandths; `maxTokens` bounds the answer;
 * `extra` is the canonical text of what else a legacy payload carried, empty for our own clients.
 */
const versionOneCoder = P.struct({
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

/**
 * Version 1 is a plain chat: all that the fields above say. Version 2 has `options` behind them, the JSON
 * text of what else is asked for (job-options.ts); it is absent in version 1, whose bytes stay as they were.
 */
export type JobSpec = P.UnwrapCoder<typeof versionOneCoder> & { options?: string }

/** The newest version that this network computes. */
export const jobSpecVersionMax = 2

const optionsCoder = P.string(u32)

/** Canonical bytes of a specification, of either version. */
export const jobSpecCoder: P.CoderType<JobSpec> = P.wrap<JobSpec>({
  encodeStream: (writer, spec) => {
    if ((spec.version === 1) !== (spec.options === undefined)) {
      throw writer.err('options come with version 2, and with no other')
    }
    versionOneCoder.encodeStream(writer, spec)
    if (spec.options !== undefined) optionsCoder.encodeStream(writer, spec.options)
  },
  decodeStream: (reader) => {
    const spec = versionOneCoder.decodeStream(reader)
    if (spec.version === 1) return spec
    if (spec.version !== jobSpecVersionMax) throw reader.err(`no version ${spec.version} is known`)
    return { ...spec, options: optionsCoder.decodeStream(reader) }
  },
})

/** Names what is to be computed: 32 bytes. */
export const jobHashOf = (spec: JobSpec): Uint8Array =>
  taggedHash('aitbc/job/1', jobSpecCoder.encode(spec))
