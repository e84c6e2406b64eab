/** The tabs of the marketplace, also over the provider's page, which is a page of its own. */
import { Tabs } from '../shared/ui/tabs.tsx'
import { marketPath } from './routes.ts'

const tabs = [
  { page: 'offers', label: 'Offers', href: marketPath.offers() },
  { page: 'playground', label: 'Playground', href: marketPath.playground() },
  { page: 'bids', label: 'Bids', href: marketPath.bids },
  { page: 'activity', label: 'My activity', href: marketPath.activity },
  { page: 'sell', label: 'Sell', href: '/provider/' },
] as const

export type MarketTab = (typeof tabs)[number]['page']

export function MarketTabs({ current }: { current: string }) {
  return (
    <Tabs
      name="Marketplace"
      tabs={tabs}
      current={tabs.find(({ page }) => page === current)?.href}
    />
  )
}
