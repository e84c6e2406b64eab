/** Offers as rows: what the list and the favourites show of each. */
import { VerifiedShape } from '../shared/ui/icon.tsx'
import type { Column } from '../shared/ui/table.tsx'
import { compared, keptLimits, toggleCompared } from './kept.ts'
import { marketPath } from './routes.ts'
import { StarBox } from './star.tsx'
import type { Offer } from './wire.ts'
import {
  bestModel,
  counted,
  gpuWords,
  Money,
  OfferStatus,
  Reputation,
  Share,
  Speed,
  Unknown,
} from './words.tsx'

/** Figures are of the model of this name where one is wanted, else of the cheapest of each offer. */
export function columnsOf(name: string | undefined): readonly Column<Offer>[] {
  return [
    { label: 'Offer', cell: (offer) => <OfferName offer={offer} /> },
    { label: 'Model', cell: (offer) => <Models offer={offer} name={name} /> },
    {
      label: 'AITBC, 1,000 tokens',
      cell: (offer) => <Money units={bestModel(offer, name)?.price_completion} />,
      numeric: true,
    },
    {
      label: 'Tokens/s',
      cell: (offer) => <Speed model={bestModel(offer, name)} />,
      numeric: true,
    },
    { label: 'GPU', cell: (offer) => <Gpu offer={offer} /> },
    {
      label: 'Region',
      cell: ({ region }) =>
        region === undefined ? <Unknown>not stated</Unknown> : <span class="name">{region}</span>,
    },
    {
      label: 'Seen, 7 days',
      cell: ({ uptime_7d: uptime }) => <Share share={uptime} />,
      numeric: true,
    },
    { label: 'Reputation', cell: (offer) => <Reputation offer={offer} />, numeric: true },
  ]
}

/** The card without its maker, and its memory: the whole is in the title. */
function Gpu({ offer }: { offer: Offer }) {
  const words = gpuWords(offer)
  if (offer.gpus.length === 0) return <Unknown>none stated</Unknown>
  return (
    <span class="gpu" title={words}>
      <span class="name">{words.replace(/NVIDIA (?:GeForce )?|AMD (?:Radeon )?/g, '')}</span>
      <span class="unit">
        {' '}
        {offer.vram_gb.toLocaleString('en', { maximumFractionDigits: 1 })} GB
      </span>
    </span>
  )
}

function OfferName({ offer }: { offer: Offer }) {
  return (
    <span class="offer-name">
      <Compare offer={offer} />
      <StarBox offer={offer} />
      <a class="name" href={marketPath.offer(offer.offer_id)} title={offer.miner_id}>
        {offer.miner_id}
      </a>
      <OfferStatus offer={offer} />
      {offer.verified ? (
        <span class="status status-good" title="Verified: signed card and signed receipts">
          <VerifiedShape />
          <span class="visually-hidden">Verified</span>
        </span>
      ) : null}
    </span>
  )
}

function Models({ offer, name }: { offer: Offer; name: string | undefined }) {
  const best = bestModel(offer, name)
  if (!best) return <Unknown>{offer.models.length === 0 ? 'none' : 'other models'}</Unknown>
  const more = offer.models.length - 1
  return (
    <span class="models">
      <span class="name" title={best.name}>
        {best.name === '' ? 'any' : best.name}
      </span>
      {more > 0 ? (
        <span class="unit" title={counted(offer.models.length, 'model')}>
          {' '}
          and {more}
        </span>
      ) : null}
    </span>
  )
}

function Compare({ offer }: { offer: Offer }) {
  const chosen = compared.value
  const isIn = chosen.some(({ id }) => id === offer.offer_id)
  const isFull = !isIn && chosen.length >= keptLimits.comparedMax
  return (
    <input
      class="compare-box"
      type="checkbox"
      checked={isIn}
      disabled={isFull}
      aria-label={`Compare ${offer.miner_id}`}
      title={isFull ? `At most ${keptLimits.comparedMax} at once` : undefined}
      onChange={() => toggleCompared({ id: offer.offer_id, name: offer.miner_id })}
    />
  )
}
