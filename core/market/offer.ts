/**
 * Offer: what a miner has for sale, in the one shape in which it is listed, searched, kept and announced.
 * Plain JSON throughout: amounts are decimal text of base units, times RFC 3339 UTC. Rules: SPEC.md, OFFER.
 */

/** One model of an offer. Prices in base units for 1 000 tokens. */
export type OfferModel = {
  readonly name: string
  /** 0: not stated. */
  readonly context_tokens: number
  readonly price_prompt: string
  readonly price_completion: string
  /** As the site measured it over jobs; null before the first. */
  readonly tokens_per_second: number | null
  /** Jobs behind that figure. */
  readonly samples: number
}

/** One GPU of an offer. */
export type OfferGpu = {
  readonly name: string
  readonly memory_mib: number
  readonly cuda: string | null
}

/** Why an offer is not verified. */
export type UnverifiedReason =
  /** Its card was not signed: a miner of the original, or a listing by hand. */
  | 'card_unsigned'
  /** The signature of its card does not hold. */
  | 'signature_invalid'
  /** No receipt that this miner signed backs its figures. */
  | 'no_signed_receipt'
  /** It comes from another site, which alone has seen its card. */
  | 'announced_elsewhere'

/** An offer. */
export type Offer = {
  readonly offer_id: string
  readonly miner_id: string
  /** Host of the site where it can be bought. */
  readonly site: string
  /** Address that is paid; null where none is known. */
  readonly provider: string | null
  readonly status: 'online' | 'offline' | 'withdrawn'
  /** `agent`: signed card; `legacy`: a miner of the original; `listed`: entered by hand; `remote`: announced. */
  readonly kind: 'agent' | 'legacy' | 'listed' | 'remote'
  readonly engine: string
  readonly models: readonly OfferModel[]
  readonly gpus: readonly OfferGpu[]
  /** Memory of the largest GPU, in GB of 1 024 MiB. */
  readonly vram_gb: number
  readonly region: string | null
  /** For a second of one GPU, all places of it together: what booking all of it comes to. */
  readonly price_per_gpu_second: string | null
  /** For one place, an hour; null: not to be booked. */
  readonly price_per_hour: string | null
  /** Places for jobs, 0: no bound. */
  readonly concurrency: number
  /** Null where it is not known now. */
  readonly free_places: number | null
  /** Share of the last seven days in which the site saw it, 0 to 1; null before it was watched. */
  readonly uptime_7d: number | null
  readonly reputation: { readonly score: number; readonly receipts: number } | null
  readonly reviews: { readonly count: number; readonly average: number | null }
  readonly verified: boolean
  readonly unverified_because: readonly UnverifiedReason[]
  readonly updated_at: string
  readonly announced: { readonly tx_hash: string; readonly height: number } | null
}

/** The figures by which an offer is sorted and filtered. `null`: not known, which no comparison meets. */
export type OfferFigures = {
  /** Of the cheapest model that counts: base units for 1 000 tokens. */
  readonly price: number | null
  readonly pricePrompt: number | null
  readonly priceHour: number | null
  readonly gpuSecond: number | null
  /** Of the fastest model that counts, tokens a second. */
  readonly speed: number | null
  /** Tokens a second for one AITBC per 1 000 tokens. */
  readonly pricePerformance: number | null
  readonly context: number | null
}

/** Names by which a model is found: its own, and the part before the tag (`llama3` of `llama3:8b`). */
export function modelNamesOf(name: string): readonly string[] {
  const whole = name.toLowerCase()
  const [base = whole] = whole.split(':')
  return base === whole ? [whole] : [whole, base]
}

/** Figures over all models of an offer, or over those that go by a name (lower case). */
export function figuresOf(
  offer: Pick<Offer, 'models' | 'price_per_hour' | 'price_per_gpu_second'>,
  name?: string,
): OfferFigures {
  const models = offer.models.filter(
    (model) => name === undefined || modelNamesOf(model.name).includes(name),
  )
  const best = [...models].sort(byPrice)[0]
  const speeds = models.flatMap((model) => model.tokens_per_second ?? [])
  const performances = models.flatMap((model) => performanceOf(model) ?? [])
  return {
    price: best ? Number(best.price_completion) : null,
    pricePrompt: best ? Number(best.price_prompt) : null,
    priceHour: numberOf(offer.price_per_hour),
    gpuSecond: numberOf(offer.price_per_gpu_second),
    speed: greatest(speeds),
    pricePerformance: greatest(performances),
    context: greatest(models.map((model) => model.context_tokens)),
  }
}

/** Speed for the money: tokens a second, divided by the price in AITBC of 1 000 completion tokens. */
function performanceOf(model: OfferModel): number | null {
  if (model.tokens_per_second === null) return null
  // Free is as good as the smallest price there is.
  const price = Number(model.price_completion)
  return (model.tokens_per_second * 100_000_000) / (price > 0 ? price : 1)
}

const numberOf = (units: string | null): number | null => (units === null ? null : Number(units))

const byPrice = (a: OfferModel, b: OfferModel): number =>
  Number(a.price_completion) - Number(b.price_completion) ||
  Number(a.price_prompt) - Number(b.price_prompt) ||
  (a.name < b.name ? -1 : 1)

const greatest = (values: readonly number[]): number | null =>
  values.reduce<number | null>((top, value) => (top === null || value > top ? value : top), null)
