/** How figures of the market are said, wherever they stand. */
import type { ComponentChildren } from 'preact'
import { modelNamesOf } from '../../core/market/offer.ts'
import { Amount } from '../shared/ui/amount.tsx'
import { Status } from '../shared/ui/status.tsx'
import type { Offer, OfferModel, UnverifiedReason } from './wire.ts'

/** Where a figure would be. */
export const Unknown = ({ children = 'not known' }: { children?: ComponentChildren }) => (
  <span class="muted figure-none">{children}</span>
)

export function OfferStatus({
  offer: { kind, site, status, free_places: free },
}: {
  offer: Offer
}) {
  if (kind === 'remote' && status === 'online') {
    return (
      <span title={`Listed by ${site}`}>
        <Status tone="neutral" word="Elsewhere" />
      </span>
    )
  }
  if (status === 'online') {
    return free === 0 ? (
      <Status tone="caution" word="Online, full" />
    ) : (
      <Status tone="good" word="Online" />
    )
  }
  return status === 'withdrawn' ? (
    <Status tone="neutral" word="Withdrawn" />
  ) : (
    <Status tone="neutral" word="Offline" />
  )
}

export const reasonWords: Record<UnverifiedReason, string> = {
  card_unsigned: 'Its card is not signed: what it says of itself is a claim.',
  signature_invalid: 'The signature of its card does not hold.',
  no_signed_receipt: 'No receipt signed by this miner backs its figures yet.',
  announced_elsewhere: 'Another site lists it, and only that site has seen its card.',
}

export const Money = ({ units }: { units: bigint | undefined }) =>
  units === undefined ? <Unknown>not offered</Unknown> : <Amount units={units} />

/** `12.4` of a measured speed; small ones keep what tells them apart. */
export const speedWords = (tokens: number): string =>
  tokens.toLocaleString('en', { maximumFractionDigits: tokens < 10 ? 2 : 1 })

export const shareWords = (share: number): string =>
  `${(share * 100).toLocaleString('en', { maximumFractionDigits: 1 })} %`

export const Share = ({ share }: { share: number | undefined }) =>
  share === undefined ? <Unknown>not watched</Unknown> : shareWords(share)

export const Speed = ({ model }: { model: OfferModel | undefined }) =>
  model?.tokens_per_second === undefined ? (
    <Unknown>not measured</Unknown>
  ) : (
    <span title={`Measured by the site over ${counted(model.samples, 'job')}`}>
      {speedWords(model.tokens_per_second)}
      <span class="unit speed-unit"> tokens/s</span>
    </span>
  )

export function Reputation({ offer: { kind, reputation } }: { offer: Offer }) {
  if (kind === 'legacy') return <Unknown>signs no receipts</Unknown>
  if (!reputation || reputation.receipts === 0) return <Unknown>no receipts</Unknown>
  const { score, receipts } = reputation
  return (
    <span title={`From ${counted(receipts, 'signed receipt')}`}>
      {score > 0 && score < 0.01
        ? 'under 0.01'
        : score.toLocaleString('en', { maximumFractionDigits: 2 })}
      <span class="unit"> from {receipts.toLocaleString('en')}</span>
    </span>
  )
}

export function Rating({ reviews: { count, average } }: { reviews: Offer['reviews'] }) {
  if (average === undefined || count === 0) return <Unknown>none</Unknown>
  return (
    <>
      {average.toLocaleString('en', { maximumFractionDigits: 1 })} of 5
      <span class="unit"> from {count.toLocaleString('en')}</span>
    </>
  )
}

/** Cheapest model of an offer, among those that go by `name` where one is wanted. */
export function bestModel({ models }: Offer, name?: string): OfferModel | undefined {
  const wanted = name?.toLowerCase()
  const fitting = models.filter(
    (model) => wanted === undefined || modelNamesOf(model.name).includes(wanted),
  )
  return [...fitting].sort((a, b) =>
    a.price_completion === b.price_completion
      ? 0
      : a.price_completion < b.price_completion
        ? -1
        : 1,
  )[0]
}

export const gpuWords = ({ gpus }: Offer): string => {
  const [first] = gpus
  if (!first) return 'none stated'
  const same = gpus.every(({ name }) => name === first.name)
  if (gpus.length === 1) return first.name
  return same ? `${gpus.length} × ${first.name}` : `${first.name} and ${gpus.length - 1} more`
}

/** `1 job`, `2,000 jobs`. */
export const counted = (count: number, one: string): string =>
  `${count.toLocaleString('en')} ${count === 1 ? one : `${one}s`}`

/** `2 h 5 min`, `4 min 10 s`, `9 s`: how long until something. */
export function spanWords(ms: number): string {
  const seconds = Math.max(0, Math.ceil(ms / 1_000))
  const parts = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor(seconds / 3_600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'min'],
    [seconds % 60, 's'],
  ] as const
  const first = parts.findIndex(([value]) => value > 0)
  if (first === -1) return '0 s'
  return parts
    .slice(first, first + 2)
    .filter(([value], index) => index === 0 || value > 0)
    .map(([value, unit]) => `${value} ${unit}`)
    .join(' ')
}
