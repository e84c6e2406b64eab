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
import { Pairs } from '../shared/ui/pairs.tsx'
import { Empty, Failed, Loaded, Skeleton, StaleLine } from '../shared/ui/states.tsx'
import { Status } from '../shared/ui/status.tsx'
import { type Column, Table } from '../shared/ui/table.tsx'
import { Verdict } from '../shared/ui/verdict.tsx'
import { Moment } from '../wallet/moment.tsx'
import { Actions, Dials, Facts } from './offer-head.tsx'
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
import { counted, Money, OfferStatus, reasonWords, Share, Speed, Unknown } from './words.tsx'

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
