/** All offers: the query in the address, facets, prices, the list. */
import { Title } from '../explorer/parts.tsx'
import { Later } from '../shared/frame/later.tsx'
import { Step } from '../shared/list/list-pager.tsx'
import { here, navigate, query as parameter } from '../shared/list/url-state.ts'
import { slowEdge } from '../shared/live/chain.ts'
import { type Resource, useResource } from '../shared/live/resource.ts'
import { Disclosure } from '../shared/ui/bits.tsx'
import { Empty, Failed, Loaded, Skeleton, StaleLine } from '../shared/ui/states.tsx'
import { Table, TableSkeleton } from '../shared/ui/table.tsx'
import { When } from '../shared/ui/time.tsx'
import { Facets } from './facets.tsx'
import { Histogram } from './histogram.tsx'
import { favourites } from './kept.ts'
import { columnsOf } from './offer-columns.tsx'
import { QueryBox } from './query-box.tsx'
import { sortChoices } from './query-check.ts'
import { valuesOf, withValues } from './query-terms.ts'
import { marketPath } from './routes.ts'
import { facetsAnswer, type OfferPage, offerPage, pricesAnswer, statsAnswer } from './wire.ts'
import { counted } from './words.tsx'

const pageRows = 25

export function OffersPage() {
  const query = parameter('q')
  const cursor = parameter('cursor')
  const asked = new URLSearchParams({
    q: query,
    limit: String(pageRows),
    ...(cursor && { cursor }),
  })
  const offers = useResource(`/api/v1/market/offers?${asked}`, offerPage, slowEdge.value)
  const facets = useResource(
    `/api/v1/market/facets?q=${encodeURIComponent(query)}`,
    facetsAnswer,
    slowEdge.value,
  )
  const models = valuesOf(query, 'model')
  const model = models.length === 1 ? models[0] : undefined
  return (
    <>
      <Title beside={<MarketLine />}>Offers</Title>
      <QueryBox query={query} />
      <div class="market">
        <div class="market-side">
          <Disclosure summary="Narrow down" open={isWide()}>
            <Facets query={query} found={facets} />
          </Disclosure>
        </div>
        <div class="market-list">
          <Prices model={model} />
          <Tools query={query} />
          <List query={query} model={model} found={offers} cursor={cursor} />
        </div>
      </div>
    </>
  )
}

// On a phone the list comes first and the facets are one press away.
const isWide = (): boolean => matchMedia('(min-width: 60rem)').matches

/** The market in one line. */
function MarketLine() {
  const found = useResource('/api/v1/market/stats', statsAnswer, slowEdge.value)
  if (found.phase === 'failed') return null
  if (found.phase === 'loading') return <Skeleton size={16} />
  const { online, offers, models, verified, open_bids: bids } = found.value
  return (
    <span class="small muted">
      {online.toLocaleString('en')} of {counted(offers, 'offer')} online, {counted(models, 'model')}
      , {verified.toLocaleString('en')} verified, {counted(bids, 'open bid')}
    </span>
  )
}

/** Days of prices that are asked for where one model is looked at. */
const priceDays = '30'

function Prices({ model }: { model: string | undefined }) {
  const found = useResource(
    `/api/v1/market/prices?${model === undefined ? 'days=1' : new URLSearchParams({ days: priceDays, model })}`,
    pricesAnswer,
    slowEdge.value,
  )
  const of = model === undefined ? 'all models' : model
  return (
    <Disclosure
      summary={model === undefined ? `Prices now, ${of}` : `Prices now and by day, ${of}`}
    >
      <Loaded resource={found} what="the prices" loading={<Skeleton size={16} />}>
        {({ histogram, history }) => (
          <div class="prices">
            <Histogram
              title={`Offers by price of 1,000 answer tokens, ${of}`}
              buckets={histogram}
            />
            {model === undefined ? null : (
              <Later
                load={byDay}
                of={{ model, days: history }}
                heading={null}
                part="prices by day"
              />
            )}
          </div>
        )}
      </Loaded>
    </Disclosure>
  )
}

const byDay = async () => (await import('./prices-by-day.tsx')).PricesByDay

function Tools({ query }: { query: string }) {
  const sort = valuesOf(query, 'sort')[0] ?? ''
  const known = sortChoices.some(({ value }) => value === sort)
  const count = favourites.value.length
  return (
    <div class="list-tools market-tools">
      <label class="sort">
        <span class="small muted">Sort by</span>
        <select
          class="input"
          value={sort}
          onChange={(event) => {
            const { value } = event.currentTarget
            navigate(marketPath.offers(withValues(query, 'sort', value === '' ? [] : [value])))
          }}
        >
          {sortChoices.map(({ value, label }) => (
            <option key={value} value={value}>
              {label}
            </option>
          ))}
          {known ? null : <option value={sort}>{sort}</option>}
        </select>
      </label>
      <div class="list-actions">
        <a class="button button-small" href={marketPath.favourites}>
          Favourites{count === 0 ? '' : ` (${count})`}
        </a>
        <a class="button button-small" href={marketPath.newBid(query)}>
          Ask for quotes
        </a>
      </div>
    </div>
  )
}

type ListProps = {
  query: string
  model: string | undefined
  found: Resource<OfferPage>
  cursor: string
}

function List({ query, model, found, cursor }: ListProps) {
  const columns = columnsOf(model)
  if (found.phase === 'loading') {
    return <TableSkeleton caption="Offers" columns={columns} rows={8} />
  }
  if (found.phase === 'failed') {
    return <Failed what="the offers" failure={found.failure} retry={found.retry} />
  }
  const { items, next_cursor: next, as_of: asOf } = found.value
  const at = (to: string) => {
    const url = new URL(here.value)
    if (to === '') url.searchParams.delete('cursor')
    else url.searchParams.set('cursor', to)
    return url.pathname + url.search
  }
  return (
    <>
      {found.stale ? (
        <StaleLine failure={found.stale} atMs={found.atMs} retry={found.retry} />
      ) : null}
      <div class={found.stale ? 'is-stale' : ''}>
        {items.length === 0 ? (
          <NoOffers query={query} />
        ) : (
          <Table caption="Offers" columns={columns} rows={items} keyOf={({ offer_id: id }) => id} />
        )}
      </div>
      <nav class="list-pager" aria-label="Pages of offers">
        <span class="list-facts muted">
          <span>{counted(items.length, 'offer')} on this page</span>
          <span>
            as of <When ms={asOf} ageOnly />
          </span>
        </span>
        {cursor === '' ? null : <Step label="First page" href={at('')} />}
        <Step label="More" href={next === undefined ? undefined : at(next)} />
      </nav>
    </>
  )
}

function NoOffers({ query }: { query: string }) {
  if (query === '') {
    return (
      <Empty title="Nobody offers anything here yet">
        <span>Offers stand here as soon as a miner connects to this site.</span>
        <a class="button button-small" href="/docs/run-a-miner.html">
          Run a miner
        </a>
      </Empty>
    )
  }
  return (
    <Empty title="No offer fits">
      <span>Leave something out, or say what you want and let miners answer.</span>
      <span class="note-actions">
        <a class="button button-small" href={marketPath.offers()}>
          Clear the search
        </a>
        <a class="button button-small" href={marketPath.newBid(query)}>
          Ask for quotes
        </a>
      </span>
    </Empty>
  )
}
