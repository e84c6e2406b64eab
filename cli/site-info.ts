/** What a site says of itself (`GET /api/v1/site`), checked. */
import * as z from 'zod'
import { formatCoins } from '../core/base/amount.ts'
import { fromHex } from '../core/base/bytes.ts'
import { ClientFault, exitCodes } from './exit-codes.ts'
import type { SiteClient } from './site-client.ts'

const units = z
  .string()
  .regex(/^\d{1,20}$/)
  .transform(BigInt)
const key = z.string().transform((text, context) => {
  const bytes = fromHex(text, 32)
  if (bytes.ok) return bytes.value
  context.addIssue({ code: 'custom', message: 'must be 32 bytes of hex' })
  return z.NEVER
})

const siteSchema = z.object({
  chain_id: z.string(),
  genesis_hash: key,
  coordinator: key,
  notice: z.string().nullable(),
  dispatching: z.boolean(),
  /** Older sites have none. */
  charge_min: units.optional(),
  settle_margin_slots: z.int().min(0),
  authorisation_life_slots: z.int().min(1),
  limits: z.object({ ttl_seconds_max: z.int().min(1) }),
  models: z.array(
    z.object({
      name: z.string(),
      context_tokens: z.int().min(0),
      miners: z.int().min(0),
      price_prompt: units,
      price_completion: units,
    }),
  ),
})
export type SiteInfo = z.infer<typeof siteSchema>
export type SiteModel = SiteInfo['models'][number]

/** Asks the site. */
export async function readSiteInfo(site: SiteClient): Promise<SiteInfo> {
  const parsed = siteSchema.safeParse(await site.json({ target: '/api/v1/site' }))
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  const message = `/api/v1/site: ${issue?.path.join('.')}: ${issue?.message}`
  throw new ClientFault(exitCodes.server, 'ANSWER_INVALID', message)
}

/** The model that is asked for, by its name or Ollama's `:latest`; the fault lists what there is. */
export function findModel(info: SiteInfo, name: string): SiteModel {
  const found = info.models.find((model) => model.name === name || model.name === `${name}:latest`)
  if (found !== undefined) return found
  const list = info.models.map((model) => `${model.name} (${formatCoins(model.price_completion)})`)
  const there = list.length > 0 ? `there are: ${list.join(', ')}` : 'no miner is connected'
  throw new ClientFault(exitCodes.notFound, 'MODEL_NOT_SERVED', `${name} is not served; ${there}`)
}
