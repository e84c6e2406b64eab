/** Offers side by side: one column each, one row a figure. */
import type { ComponentChildren } from 'preact'
import { Title } from '../explorer/parts.tsx'
import { slowEdge } from '../shared/live/chain.ts'
import { type Resource, useResource } from '../shared/live/resource.ts'
import { Empty, Skeleton } from '../shared/ui/states.tsx'
import { Status } from '../shared/ui/status.tsx'
import { compared, type KeptOffer, toggleCompared } from './kept.ts'
import { marketPath } from './routes.ts'
import { type Offer, type OfferDetail, offerDetail } from './wire.ts'
import {
  bestModel,
  counted,
  gpuWords,
  Money,
  OfferStatus,
  Rating,
  Reputation,
  Share,
  Speed,
  Unknown,
} from './words.tsx'

const rows: readonly (readonly [label: string, cell: (offer: Offer) => ComponentChildren])[] = [
  ['State', (offer) => <OfferStatus offer={offer} />],
  [
    'Verified',
    ({ verified }) =>
      verified ? (
        <Status tone="good" word="Verified" />
      ) : (
        <Status tone="neutral" word="Not verified" />
      ),
  ],
  ['Cheapest model', (offer) => <span class="break">{bestModel(offer)?.name ?? 'none'}</span>],
  ['1,000 prompt tokens', (offer) => <Money units={bestModel(offer)?.price_prompt} />],
  ['1,000 answer tokens', (offer) => <Money units={bestModel(offer)?.price_completion} />],
  ['Speed', (offer) => <Speed model={bestModel(offer)} />],
  ['Models', ({ models }) => counted(models.length, 'model')],
  ['An hour of one place', ({ price_per_hour: hour }) => <Money units={hour} />],
  ['A GPU second', ({ price_per_gpu_second: second }) => <Money units={second} />],
  ['GPU', (offer) => <span class="break">{gpuWords(offer)}</span>],
  [
    'VRAM',
    ({ vram_gb: vram }) =>
      vram === 0 ? <Unknown>none</Unknown> : `${vram.toLocaleString('en')} GB`,
  ],
  ['Region', ({ region }) => region ?? <Unknown>not stated</Unknown>],
  ['Seen, 7 days', ({ uptime_7d: uptime }) => <Share share={uptime} />],
  ['Reputation', (offer) => <Reputation offer={offer} />],
  ['Reviews', ({ reviews }) => <Rating reviews={reviews} />],
]

export function ComparePage() {
  const chosen = compared.value
  if (chosen.length === 0) {
    return (
      <>
        <Title>Compare offers</Title>
        <Empty title="Nothing to compare">
          <span>Tick offers in the list; up to four stand side by side.</span>
          <a class="button button-small" href={marketPath.offers()}>
            To all offers
          </a>
        </Empty>
      </>
    )
  }
  return (
    <>
      <Title>Compare offers</Title>
      <div class="compared">
        {chosen.map((each) => (
          <Column key={each.id} offer={each} />
        ))}
      </div>
    </>
  )
}

/** One offer as a list of label and value, its rows level with those of its neighbours. */
function Column({ offer }: { offer: KeptOffer }) {
  const path = `/api/v1/market/offers/${offer.id}`
  const found = useResource(path, offerDetail, slowEdge.value)
  return (
    <section class="compared-one" aria-label={offer.name}>
      <h2>
        <a class="break" href={marketPath.offer(offer.id)}>
          {offer.name}
        </a>
      </h2>
      <dl class="compared-list">
        {rows.map(([label, cell]) => (
          <div key={label} class="compared-row">
            <dt>{label}</dt>
            <dd>
              <Cell found={found} cell={cell} />
            </dd>
          </div>
        ))}
      </dl>
      <button type="button" class="button button-small" onClick={() => toggleCompared(offer)}>
        Take out
      </button>
    </section>
  )
}

type CellProps = { found: Resource<OfferDetail>; cell: (offer: Offer) => ComponentChildren }

function Cell({ found, cell }: CellProps) {
  if (found.phase === 'loading') return <Skeleton size={8} />
  if (found.phase === 'failed') return <Unknown />
  return <>{cell(found.value)}</>
}
