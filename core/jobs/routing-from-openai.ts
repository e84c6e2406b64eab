/**
 * Preferences for placing a job, in the words that clients of routed models use: `provider` with `order`,
 * `ignore`, `sort`, `max_price`, `region` and `allow_fallbacks`, and `models` that will do instead. A
 * provider here is a miner, by its public id. Beside them `limit`, of what each job may cost. Rules:
 * SPEC.md, CHAT.
 */
import * as z from 'zod'
import type { Routing } from '../api/dispatch.ts'
import { parseCoins } from '../base/amount.ts'
import { ok, type Result } from '../base/result.ts'
import { jobLimits } from './limits.ts'
import { invalid, type OpenAiFault } from './openai-fault.ts'

const minerIds = z.array(z.string().regex(/^[A-Za-z0-9._:-]{1,64}$/)).max(64)
const coins = z.union([z.number().min(0).max(90_000_000), z.string().max(32)])

/** The fields beside those of OpenAI. */
export const routingFields = {
  provider: z
    .looseObject({
      order: minerIds.nullish().describe('Miners that go first, in this order'),
      ignore: minerIds.nullish().describe('Miners that never get it'),
      sort: z
        .enum(['price', 'throughput', 'speed', 'latency', 'reputation'])
        .nullish()
        .describe('What comes first among miners that fit; throughput is speed'),
      max_price: z
        .union([coins, z.looseObject({ prompt: coins.nullish(), completion: coins.nullish() })])
        .nullish()
        .describe('Most that a miner may ask, AITBC for 1000 tokens; one for both, or each'),
      region: z.string().max(64).nullish().describe('Miners of this region go first'),
      allow_fallbacks: z
        .boolean()
        .nullish()
        .describe('false: only miners of order and region, where these are stated'),
    })
    .nullish()
    .describe('How the job is placed'),
  models: z
    .array(z.string().min(1).max(jobLimits.modelBytesMax))
    .max(8)
    .nullish()
    .describe('Models that will do instead, in this order'),
  limit: z
    .string()
    .regex(/^[1-9]\d{0,18}$/)
    .nullish()
    .describe('Most that each answer may cost, base units as decimal text'),
}
const routingSchema = z.looseObject(routingFields)

/** Reads the preferences of a request that `routingFields` has checked; undefined when it states none. */
export function routingFromOpenAi(
  body: z.infer<typeof routingSchema>,
): Result<Routing | undefined, OpenAiFault> {
  const { provider, models } = body
  const price = maxPriceOf(provider?.max_price)
  if (!price.ok) return price
  const { order, ignore, sort, region, allow_fallbacks: allowFallbacks } = provider ?? {}
  const routing: Routing = {
    ...(order && order.length > 0 ? { order } : {}),
    ...(ignore && ignore.length > 0 ? { ignore } : {}),
    ...(sort ? { sort: sort === 'throughput' ? 'speed' : sort } : {}),
    ...(price.value ? { maxPrice: price.value } : {}),
    ...(region ? { region } : {}),
    ...(allowFallbacks === false ? { allowFallbacks } : {}),
    ...(models && models.length > 0 ? { models } : {}),
  }
  return ok(Object.keys(routing).length === 0 ? undefined : routing)
}

type Coins = z.infer<typeof coins>
type Stated = NonNullable<z.infer<typeof routingSchema>['provider']>['max_price']

function maxPriceOf(stated: Stated): Result<Routing['maxPrice'], OpenAiFault> {
  if (stated === null || stated === undefined) return ok(undefined)
  const both = typeof stated === 'object' ? stated : { prompt: stated, completion: stated }
  const prompt = unitsOf(both.prompt)
  const completion = unitsOf(both.completion)
  if (!prompt.ok) return prompt
  if (!completion.ok) return completion
  if (prompt.value === undefined && completion.value === undefined) return ok(undefined)
  return ok({
    ...(prompt.value === undefined ? {} : { prompt: prompt.value }),
    ...(completion.value === undefined ? {} : { completion: completion.value }),
  })
}

/** AITBC as number or decimal text, in base units. */
function unitsOf(value: Coins | null | undefined): Result<bigint | undefined, OpenAiFault> {
  if (value === null || value === undefined) return ok(undefined)
  // Eight digits are all that a base unit needs, and spare numbers their exponent.
  const parsed = parseCoins(typeof value === 'number' ? value.toFixed(8) : value)
  return parsed.ok ? parsed : invalid('provider.max_price', 'max_price is no amount of AITBC')
}
