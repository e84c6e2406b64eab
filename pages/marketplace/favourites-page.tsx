/** Offers with a star, as the site lists them now. */
import { useEffect, useState } from 'preact/hooks'
import { Title } from '../explorer/parts.tsx'
import { slowEdge } from '../shared/live/chain.ts'
import { getJson, type RequestFailure } from '../shared/live/request.ts'
import { Empty, Failed } from '../shared/ui/states.tsx'
import { Table, TableSkeleton } from '../shared/ui/table.tsx'
import { favourites, type KeptOffer, toggleFavourite } from './kept.ts'
import { columnsOf } from './offer-columns.tsx'
import { marketPath } from './routes.ts'
import { type Offer, offerDetail } from './wire.ts'

const columns = columnsOf(undefined)

export function FavouritesPage() {
  // Who takes a star away here can give it back: the row stays until the page is left.
  const [kept] = useState(favourites.value)
  const { found, retry } = useOffers(kept)
  if (kept.length === 0) {
    return (
      <>
        <Title>Favourites</Title>
        <Empty title="No favourites yet">
          <span>
            Press the star of an offer and it stands here. They are kept in this browser alone.
          </span>
          <a class="button button-small" href={marketPath.offers()}>
            To all offers
          </a>
        </Empty>
      </>
    )
  }
  const failed = found?.find(({ failure }) => failure && !isGone(failure))
  const offers = (found ?? []).flatMap(({ offer }) => offer ?? [])
  const gone = (found ?? []).filter(({ failure }) => failure && isGone(failure))
  return (
    <>
      <Title>Favourites</Title>
      <p class="small muted lead">Kept in this browser alone, newest first.</p>
      {failed?.failure ? (
        <Failed what={`the offer of ${failed.kept.name}`} failure={failed.failure} retry={retry} />
      ) : null}
      <div class="market-list">
        {found === undefined ? (
          <TableSkeleton caption="Favourites" columns={columns} rows={kept.length} />
        ) : offers.length === 0 ? null : (
          <Table
            caption="Favourites"
            columns={columns}
            rows={offers}
            keyOf={({ offer_id: id }) => id}
          />
        )}
      </div>
      {gone.map(({ kept: each }) => (
        <Gone key={each.id} kept={each} />
      ))}
    </>
  )
}

function Gone({ kept }: { kept: KeptOffer }) {
  if (!favourites.value.some(({ id }) => id === kept.id)) return null
  return (
    <div class="below">
      <Empty title="An offer that this site lists no more">
        <span class="break">{kept.name}</span>
        <button type="button" class="button button-small" onClick={() => toggleFavourite(kept)}>
          Take it out
        </button>
      </Empty>
    </div>
  )
}

type Found = {
  readonly kept: KeptOffer
  readonly offer?: Offer
  readonly failure?: RequestFailure
}

/** Each by its id, asked anew as time goes by; what could not be read again stays as it was. */
function useOffers(kept: readonly KeptOffer[]) {
  const [found, setFound] = useState<readonly Found[]>()
  const [attempt, setAttempt] = useState(0)
  const edge = slowEdge.value
  useEffect(() => {
    let isCurrent = true
    const read = async (each: KeptOffer): Promise<Found> => {
      const answer = await getJson(`/api/v1/market/offers/${each.id}`, offerDetail)
      return answer.ok
        ? { kept: each, offer: answer.value.value }
        : { kept: each, failure: answer.error }
    }
    void Promise.all(kept.map(read)).then((all) => {
      if (!isCurrent) return
      setFound((before) =>
        all.map((each, index) => {
          const offer =
            each.offer ??
            (each.failure && isGone(each.failure) ? undefined : before?.[index]?.offer)
          return offer ? { ...each, offer } : each
        }),
      )
    })
    return () => {
      isCurrent = false
    }
  }, [kept, edge, attempt])
  return { found, retry: () => setAttempt((count) => count + 1) }
}

const isGone = ({ code }: RequestFailure): boolean => code === 'NOT_FOUND'
