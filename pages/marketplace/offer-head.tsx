/** The head of an offer: what can be done with it, what people compare first, and its facts. */
import { heightLink, transactionLink, wholeAddress } from '../shared/ui/links.tsx'
import { Pairs } from '../shared/ui/pairs.tsx'
import { When } from '../shared/ui/time.tsx'
import { compared, keptLimits, toggleCompared } from './kept.ts'
import { marketPath } from './routes.ts'
import { StarButton } from './star.tsx'
import type { Offer, OfferDetail } from './wire.ts'
import {
  bestModel,
  counted,
  gpuWords,
  Money,
  Rating,
  Reputation,
  Share,
  Speed,
  Unknown,
} from './words.tsx'

/** What can be done, the most usual first. */
export function Actions({ offer }: { offer: Offer }) {
  const [first] = offer.models
  const isHere = offer.kind !== 'remote' && offer.status === 'online'
  const isIn = compared.value.some(({ id }) => id === offer.offer_id)
  const isFull = !isIn && compared.value.length >= keptLimits.comparedMax
  return (
    <div class="actions">
      {isHere && first ? (
        <a class="button button-primary" href={marketPath.playground(first.name)}>
          Try it
        </a>
      ) : null}
      {isHere && offer.price_per_hour !== undefined ? (
        <a class="button" href={marketPath.book(offer.offer_id)}>
          Book hours
        </a>
      ) : null}
      <a
        class="button"
        href={marketPath.newBid(first ? `model=${quoted(first.name)}` : '')}
        title="Say what you want and at most for how much; miners answer"
      >
        Place a bid
      </a>
      <button
        type="button"
        class="button"
        aria-pressed={isIn}
        aria-disabled={isFull}
        onClick={() => isFull || toggleCompared({ id: offer.offer_id, name: offer.miner_id })}
      >
        Compare
      </button>
      <StarButton offer={offer} />
    </div>
  )
}

const quoted = (name: string): string => (/[\s,"]/.test(name) ? `"${name}"` : name)

/** What people compare first. */
export function Dials({ offer }: { offer: Offer }) {
  const best = bestModel(offer)
  const dials = [
    ['1,000 answer tokens', <Money units={best?.price_completion} />, best?.name ?? ''],
    [
      'Speed',
      <Speed model={best} />,
      best && best.samples > 0 ? `over ${counted(best.samples, 'job')}` : '',
    ],
    ['Seen, 7 days', <Share share={offer.uptime_7d} />, 'by this site'],
    ['Reputation', <Reputation offer={offer} />, 'out of signed receipts, 0 to 1'],
  ] as const
  return (
    <dl class="spend dials-4">
      {dials.map(([label, figure, below]) => (
        <div key={label}>
          <dt>{label}</dt>
          <dd class="spend-figure figure">{figure}</dd>
          <dd class="small muted break">{below}</dd>
        </div>
      ))}
    </dl>
  )
}

export function Facts({ offer }: { offer: OfferDetail }) {
  const { free_places: free, concurrency } = offer
  return (
    <Pairs
      pairs={[
        ['GPU', <span class="break">{gpuWords(offer)}</span>],
        [
          'VRAM',
          offer.vram_gb === 0 ? (
            <Unknown>none stated</Unknown>
          ) : (
            `${offer.vram_gb.toLocaleString('en', { maximumFractionDigits: 1 })} GB, of the largest`
          ),
        ],
        ['Region', offer.region ?? <Unknown>not stated</Unknown>],
        ['Engine', <span class="break">{offer.engine || 'not stated'}</span>],
        [
          'Places',
          concurrency === 0
            ? 'no bound'
            : free === undefined
              ? counted(concurrency, 'place')
              : `${free} of ${counted(concurrency, 'place')} free`,
        ],
        ['An hour of one place', <Money units={offer.price_per_hour} />],
        ['A GPU second', <Money units={offer.price_per_gpu_second} />],
        ['Reviews', <Rating reviews={offer.reviews} />],
        [
          'Paid at',
          offer.provider === undefined ? (
            <Unknown />
          ) : (
            wholeAddress(offer.provider, 'provider address')
          ),
        ],
        ['Site', <span class="break">{offer.site}</span>],
        offer.announced && [
          'Announced',
          <>
            {transactionLink(offer.announced.tx_hash)} in block {heightLink(offer.announced.height)}
          </>,
        ],
        ['Said', <When ms={offer.updated_at} />],
      ]}
    />
  )
}
