/**
 * What a site says of itself and of its models, as JSON. Amounts are decimal strings of base units for
 * 1 000 tokens; keys and hashes hex.
 */
import { toHex, toHex0x } from '../base/bytes.ts'
import type { Genesis } from '../chain/genesis.ts'
import { genesisToJson } from '../chain/genesis.ts'
import { ttlSecondsMaxOf } from '../jobs/check-authorisation.ts'
import { jobLimits } from '../jobs/limits.ts'
import { featuresUnstated } from '../jobs/model-features.ts'
import type { ModelView, SiteView } from './coordinator-service.ts'

/** `GET /site`: what a client needs before it locks funds and asks. */
export function siteView(
  site: SiteView,
  chain: { readonly genesis: Genesis; readonly genesisHash: Uint8Array },
): Record<string, unknown> {
  const { chain_id, genesis_time_ms, parameters } = genesisToJson(chain.genesis)
  return {
    chain_id,
    genesis_hash: toHex0x(chain.genesisHash),
    genesis_time_ms,
    parameters,
    coordinator: toHex(site.coordinatorKey),
    miners_online: site.minersOnline,
    queued: site.queued,
    running: site.running,
    notice: site.notice ?? null,
    dispatching: site.dispatching,
    fault: site.fault ?? null,
    settle_margin_slots: site.settleMarginSlots,
    charge_min: String(site.chargeMin),
    authorisation_life_slots: site.authorisationLifeSlots,
    limits: {
      ttl_seconds_max: ttlSecondsMaxOf(site.authorisationLifeSlots),
      max_tokens: jobLimits.maxTokensMax,
      payload_bytes: jobLimits.payloadBytesMax,
      spec_bytes: jobLimits.specBytesMax,
      answer_bytes: jobLimits.answerBytesMax,
      attempts: jobLimits.attemptsMax,
      open_jobs_per_client: jobLimits.openJobsPerClientMax,
      template_tokens_per_message: jobLimits.templateTokensPerMessage,
    },
    models: site.models.map(modelView),
  }
}

/** One model in our own words. */
export const modelView = (model: ModelView): Record<string, unknown> => ({
  name: model.name,
  context_tokens: model.contextTokens,
  miners: model.miners,
  price_prompt: String(model.pricePrompt),
  price_completion: String(model.priceCompletion),
  engines: [...model.engines],
  features: [...(model.features ?? featuresUnstated)],
})

/** One model in OpenAI's words, ours beside them. `created` is not known of a model here: always 0. */
export const openAiModelView = (model: ModelView): Record<string, unknown> => ({
  id: model.name,
  object: 'model',
  created: 0,
  owned_by: 'aitbc',
  ...modelView(model),
})

/** `GET /models`: OpenAI's list, with the site's notice. */
export const modelListView = (site: SiteView): Record<string, unknown> => ({
  object: 'list',
  data: site.models.map(openAiModelView),
  notice: site.notice ?? null,
})
