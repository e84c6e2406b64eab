/**
 * What a model on a miner can be asked for. A miner states it of each model in its card; a job needs what
 * its specification says. Rules: SPEC.md, FEATURE.
 */
import * as z from 'zod'

/**
 * `chat`: turns of a conversation; `completion`: text that goes on, without a chat template; `tools`: calls
 * of functions that the client describes; `forced_calls`: answers that must be such a call; `json`: answers
 * held to JSON or to a JSON schema; `embeddings`: vectors in place of text.
 */
export const modelFeatures = [
  'chat',
  'completion',
  'tools',
  'forced_calls',
  'json',
  'embeddings',
] as const
export type ModelFeature = (typeof modelFeatures)[number]

/** What a model can do whose miner says nothing of it: what every miner could before this was said. */
export const featuresUnstated: readonly ModelFeature[] = ['chat']

/**
 * As it stands in a card: words, so that a newer miner's words do not shut it out of an older site. Read it
 * with `knownFeatures`.
 */
export const featuresSchema = z.array(z.string().max(32)).max(16)

/** The words of a card that this version knows, in the order above. */
export const knownFeatures = (stated: readonly string[]): readonly ModelFeature[] =>
  modelFeatures.filter((each) => stated.includes(each))
