/** One offer: what it is, what was measured, what it was paid for, what clients say. */

import { useState } from 'preact/hooks'
import { PairsSkeleton } from '../explorer/detail.tsx'
import { Title } from '../explorer/parts.tsx'
import { DataList } from '../shared/list/data-list.tsx'
import { slowEdge } from '../shared/live/chain.ts'
import { nowMs } from '../shared/live/clock.ts'
import { useResource } from '../shared/live/resource.ts'
import { Disclosure } from '../shared/ui/bits.tsx'
import { Hash } from '../shared/ui/hash.tsx'
import { heightLink, transactionLink, wholeAddress } from '../shared/ui/links.tsx'
import { Pairs } from '../shared/ui/pairs.tsx'
import { Empty, Failed, Loaded, Skeleton, StaleLine } from '../shared/ui/states.tsx'
import { Status } from '../shared/ui/status.tsx'
import { type Column, Table } from '../shared/ui/table.tsx'
import { When } from '../shared/ui/time.tsx'
import { Verdict } from '../shared/ui/verdict.tsx'
import { Moment } from '../wallet/moment.tsx'
import { compared, keptLimits, toggleCompared } from './kept.ts'
import { offerReceipts } from './offer-receipts.tsx'
import { PriceChart, type PricePoint } from './price-chart.tsx'
import { Reviews } from './reviews.tsx'
import { marketPath } from './routes.ts'
import { UptimeStrip } from './uptime-strip.tsx'
import {
  type Offer,
  type OfferDetail,
  type OfferModel,
  offerDetail,
  offerHistory,
  offerUptime,
  type PriceChange,
} from './wire.ts'
import {
  bestModel,
  counted,
  gpuWords,
  Money,
  OfferStatus,
  Rating,
  Reputation,
  reasonWords,
  Share,
  Speed,
  Unknown,
} from './words.tsx'

export function OfferPage({ id }: { id: string }) {
  const path = `/api/v1/market/offers/${encodeURIComponent(id)}`
  const found = useResource(path, offerDetail, slowEdge.value)
  if (found.phase === 'loading') {
    return (
      <>
        <Title>Offer</Title>
        <PairsSkeleton rows={8} />
      </>
    )
  }
  if (found.phase === 'failed') {
    if (found.failure.code === 'NOT_FOUND' || found.failure.code === 'INVALID')
      return <Gone id={id} />
    return (
      <>
        <Title>Offer</Title>
        <Failed what="this offer" failure={found.failure} retry={found.retry} />
      </>
    )
  }
  return (
    <>
      {found.stale ? (
        <StaleLine failure={found.stale} atMs={found.atMs} retry={found.retry} />
      ) : null}
      <Whole offer={found.value} path={path} />
    </>
  )
}

function Gone({ id }: { id: string }) {
  return (
    <>
      <Title>No such offer</Title>
      <Empty title="This site lists no offer of this id">
        <code class="break">{id}</code>
        <span>It may have been withdrawn long ago, or stand on another site.</span>
        <a class="button button-small" href={marketPath.offers()}>
          To all offers
        </a>
      </Empty>
    </>
  )
}

function Whole({ offer, path }: { offer: OfferDetail; path: string }) {
  return (
    <>
      <Title beside={<OfferStatus offer={offer} />}>
        <span class="break">{offer.miner_id}</span>
      </Title>
      <Actions offer={offer} />
      <Dials offer={offer} />
      <Facts offer={offer} />
      <VerifiedWhy offer={offer} />
      <h2 class="section-title">Models</h2>
      {offer.models.length === 0 ? (
        <Empty title="No models">
          <span>This miner names none.</span>
        </Empty>
      ) : (
        <Table
          caption={`Models of ${offer.miner_id}`}
          columns={modelColumns}
          rows={offer.models}
          keyOf={({ name }) => name}
        />
      )}
      <Uptime path={path} offer={offer} />
      <History path={path} offer={offer} />
      {offer.kind === 'remote' ? null : <Booked offer={offer} />}
      <h2 class="section-title">Paid jobs</h2>
      {offer.provider === undefined ? (
        <Empty title="No address is known">
          <span>Without the address that is paid, the chain cannot say what it was paid for.</span>
        </Empty>
      ) : (
        <DataList list={offerReceipts} fixed={{ miner: offer.provider }} />
      )}
      <Reviews offer={offer} path={path} />
    </>
  )
}

/** What can be done, the most usual first. */
function Actions({ offer }: { offer: Offer }) {
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
    </div>
  )
}

const quoted = (name: string): string => (/[\s,"]/.test(name) ? `"${name}"` : name)

/** What people compare first. */
function Dials({ offer }: { offer: Offer }) {
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

function Facts({ offer }: { offer: OfferDetail }) {
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

/** The badge with its reasons: what holds, and what is missing. */
function VerifiedWhy({ offer }: { offer: OfferDetail }) {
  const { card, verified, unverified_because: reasons } = offer
  return (
    <div class="below">
      {verified ? (
        <Verdict of="Offer" verdict={{ state: 'verified' }}>
          The miner signed this card with its own key, and receipts that it signed back its figures.
        </Verdict>
      ) : (
        <div class="verdict verdict-not-final">
          <Status tone="neutral" word="Not verified" />
          <ul class="reasons">
            {reasons.map((reason) => (
              <li key={reason}>{reasonWords[reason]}</li>
            ))}
          </ul>
        </div>
      )}
      {card === undefined ? null : (
        <Disclosure summary="The signed card">
          <p class="small muted">
            These are the very bytes that the miner signed when it introduced itself: anybody can
            check them with its key.
          </p>
          <Pairs
            pairs={[
              ['Public key', <Hash value={card.public_key} what="public key" whole />],
              ['Signature', <Hash value={card.signature} what="signature" whole />],
            ]}
          />
          <div class="listing">
            <pre>
              <code>{card.text}</code>
            </pre>
          </div>
        </Disclosure>
      )}
    </div>
  )
}

const modelColumns: readonly Column<OfferModel>[] = [
  { label: 'Model', cell: ({ name }) => <span class="break">{name || 'any'}</span> },
  {
    label: '1,000 prompt tokens',
    cell: ({ price_prompt: price }) => <Money units={price} />,
    numeric: true,
  },
  {
    label: '1,000 answer tokens',
    cell: ({ price_completion: price }) => <Money units={price} />,
    numeric: true,
  },
  { label: 'Speed', cell: (model) => <Speed model={model} />, numeric: true },
  {
    label: 'Measured over',
    cell: ({ samples }) =>
      samples === 0 ? <Unknown>no jobs yet</Unknown> : counted(samples, 'job'),
    numeric: true,
  },
  {
    label: 'Context',
    cell: ({ context_tokens: tokens }) =>
      tokens === 0 ? <Unknown>not stated</Unknown> : tokens.toLocaleString('en'),
    numeric: true,
  },
]

function Uptime({ path, offer }: { path: string; offer: Offer }) {
  const found = useResource(`${path}/uptime`, offerUptime, slowEdge.value)
  return (
    <>
      <h2 class="section-title">Seen by this site, 7 days</h2>
      <Loaded resource={found} what="when it was seen" loading={<Skeleton size={16} />}>
        {({ uptime_7d: uptime, hours }) => (
          <>
            <p class="section-figure">
              <span class="figure">
                <Share share={uptime} />
              </span>
            </p>
            {hours.length === 0 ? (
              <Empty title="Not watched yet">
                <span>
                  The site counts the hours in which {offer.miner_id} is connected, from its first.
                </span>
              </Empty>
            ) : (
              <UptimeStrip hours={hours} />
            )}
          </>
        )}
      </Loaded>
    </>
  )
}

function History({ path, offer }: { path: string; offer: Offer }) {
  const found = useResource(`${path}/history`, offerHistory, slowEdge.value)
  const choices = [
    ...offer.models.map(({ name }) => ({ value: name, label: `${name || 'any model'}` })),
    ...(offer.price_per_hour === undefined ? [] : [{ value: hourChoice, label: 'An hour' }]),
  ]
  const [chosen, setChosen] = useState(choices[0]?.value ?? '')
  return (
    <>
      <div class="section-head">
        <h2>Price history</h2>
        {choices.length < 2 ? null : (
          <select
            class="input section-choice"
            aria-label="Price of"
            value={chosen}
            onChange={(event) => setChosen(event.currentTarget.value)}
          >
            {choices.map(({ value, label }) => (
              <option key={value} value={value}>
                {label}
              </option>
            ))}
          </select>
        )}
      </div>
      <Loaded resource={found} what="its prices" loading={<Skeleton size={16} />}>
        {({ items }) => (
          <PriceChart
            title={
              chosen === hourChoice
                ? 'Price of an hour of one place'
                : `Price of 1,000 answer tokens, ${chosen || 'any model'}`
            }
            points={pointsOf(items, chosen)}
            untilMs={nowMs.value}
          />
        )}
      </Loaded>
    </>
  )
}

/** No model can have this name: the site refuses control characters. */
const hourChoice = '\u0000hour'

const pointsOf = (items: readonly PriceChange[], chosen: string): readonly PricePoint[] =>
  items
    .filter(({ model }) => (chosen === hourChoice ? model === undefined : model === chosen))
    .map(({ at, price_completion: answer, price_per_hour: hour }) => ({
      atMs: at,
      units: chosen === hourChoice ? hour : answer,
    }))
    .reverse()

function Booked({ offer }: { offer: OfferDetail }) {
  return (
    <>
      <h2 class="section-title">Booked</h2>
      {offer.booked.length === 0 ? (
        <p class="small">Nobody has booked it. It can be booked from now on.</p>
      ) : (
        <>
          <ul class="booked">
            {offer.booked.map(({ start, end, places }) => (
              <li key={`${start} ${end} ${places}`}>
                {counted(places, 'place')}, from <Moment ms={start} /> to <Moment ms={end} />
              </li>
            ))}
          </ul>
          <p class="small">
            Free again:{' '}
            {offer.next_free_at === undefined ? 'now' : <Moment ms={offer.next_free_at} />}
          </p>
        </>
      )}
    </>
  )
}
