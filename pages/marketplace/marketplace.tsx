/** Chooses the page for the address and keeps title and focus in step with it. */
import { useEffect, useRef } from 'preact/hooks'
import { Title } from '../explorer/parts.tsx'
import { Later, type ViewLoader } from '../shared/frame/later.tsx'
import { here } from '../shared/list/url-state.ts'
import { Empty } from '../shared/ui/states.tsx'
import { CompareTray } from './compare-tray.tsx'
import { readKept, savedSearches, watchedKey } from './kept.ts'
import { OffersPage } from './offers-page.tsx'
import { marketPath, type Route, type RouteName, routeOf } from './routes.ts'
import { type MarketTab, MarketTabs } from './tabs.tsx'

/** Under which tab a page stands. */
const tabOf: Partial<Record<RouteName, MarketTab>> = {
  compare: 'offers',
  favourites: 'offers',
  offer: 'offers',
  book: 'offers',
  'new-bid': 'bids',
  bid: 'bids',
  booking: 'activity',
}

type LaterName = Exclude<RouteName, 'offers' | 'unknown'>

/** Pages whose code is fetched when somebody opens one, so that the first load is small. */
const loaders: Record<LaterName, ViewLoader<{ id: string }>> = {
  compare: async () => (await import('./compare-page.tsx')).ComparePage,
  favourites: async () => (await import('./favourites-page.tsx')).FavouritesPage,
  offer: async () => (await import('./offer-page.tsx')).OfferPage,
  playground: async () => (await import('./playground.tsx')).Playground,
  bids: async () => (await import('./bids-page.tsx')).BidsPage,
  'new-bid': async () => (await import('./new-bid.tsx')).NewBid,
  bid: async () => (await import('./bid-page.tsx')).BidPage,
  book: async () => (await import('./book-page.tsx')).BookPage,
  booking: async () => (await import('./booking-page.tsx')).BookingPage,
  activity: async () => (await import('./activity-page.tsx')).ActivityPage,
}

const titles: Record<RouteName, string> = {
  offers: 'Offers',
  compare: 'Compare offers',
  favourites: 'Favourites',
  offer: 'Offer',
  playground: 'Playground',
  bids: 'Bids',
  'new-bid': 'New bid',
  bid: 'Bid',
  book: 'Book hours',
  booking: 'Booking',
  activity: 'My activity',
  unknown: 'No such page',
}

/** Where offers can be ticked: elsewhere the tray would cover a form. */
const trayPages: readonly RouteName[] = ['offers', 'offer', 'favourites']

export function Marketplace() {
  const route = routeOf(here.value.pathname)
  const identity = 'id' in route ? `${route.page} ${route.id}` : route.page
  const first = useRef(true)
  useEffect(watchOnEveryPage, [])
  useEffect(() => {
    document.title = `${titles[route.page]} · AITBC marketplace`
    if (first.current) {
      first.current = false
      return
    }
    window.scrollTo(0, 0)
    document.querySelector<HTMLElement>('#marketplace h1')?.focus({ preventScroll: true })
  }, [identity])
  return (
    <>
      <MarketTabs current={tabOf[route.page] ?? route.page} />
      <div key={identity}>
        <PageOf route={route} />
      </div>
      <CompareTray hidden={!trayPages.includes(route.page)} />
    </>
  )
}

/** Watched searches are looked at on every page of the marketplace, where there are any. */
function watchOnEveryPage(): void {
  if (savedSearches.value.length === 0 || readKept(watchedKey, Boolean, 1).length === 0) return
  import('./watch.ts').then(
    ({ startWatching }) => startWatching(),
    () => undefined,
  )
}

function PageOf({ route }: { route: Route }) {
  const { page } = route
  if (page === 'offers') return <OffersPage />
  if (page === 'unknown') {
    return (
      <>
        <Title>No such page in the marketplace</Title>
        <Empty title="The address leads nowhere">
          <a class="button button-small" href={marketPath.offers()}>
            To all offers
          </a>
        </Empty>
      </>
    )
  }
  return (
    <Later
      key={page}
      load={loaders[page]}
      of={{ id: 'id' in route ? route.id : '' }}
      heading={<Title>{titles[page]}</Title>}
      part="marketplace"
    />
  )
}
