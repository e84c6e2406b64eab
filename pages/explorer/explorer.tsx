/** Chooses the page for the address and keeps title and focus in step with it. */
import { useEffect, useRef } from 'preact/hooks'
import { explorerPath } from '../shared/addresses.ts'
import { Tabs } from '../shared/ui/tabs.tsx'
import { AddressPage } from './address-page.tsx'
import { BlockPage } from './block-page.tsx'
import { BlocksPage } from './blocks-page.tsx'
import { LaterPage, laterTitles } from './later-pages.tsx'
import { Overview } from './overview.tsx'
import { ReceiptPage } from './receipt-page.tsx'
import { ReceiptsPage } from './receipts-page.tsx'
import { route } from './router.ts'
import type { Route } from './routes.ts'
import { SearchPage } from './search-page.tsx'
import { TransactionPage } from './transaction-page.tsx'
import { TransactionsPage } from './transactions-page.tsx'
import { UnknownPage } from './unknown-page.tsx'

const tabs = [
  { page: 'overview', label: 'Overview', href: '/explorer/' },
  { page: 'blocks', label: 'Blocks', href: '/explorer/blocks' },
  { page: 'transactions', label: 'Transactions', href: '/explorer/txs' },
  { page: 'receipts', label: 'Receipts', href: '/explorer/receipts' },
  { page: 'jobs', label: 'Jobs', href: explorerPath.jobs },
  { page: 'miners', label: 'Miners', href: explorerPath.miners },
  { page: 'nodes', label: 'Nodes', href: explorerPath.nodes },
  { page: 'stats', label: 'Figures', href: explorerPath.stats },
] as const

export function Explorer() {
  const current = route.value
  const identity = 'id' in current ? `${current.page} ${current.id}` : current.page
  const first = useRef(true)
  useEffect(() => {
    document.title = `${titleOf(current)} · AITBC explorer`
    if (first.current) {
      first.current = false
      return
    }
    window.scrollTo(0, 0)
    document.querySelector<HTMLElement>('#explorer h1')?.focus({ preventScroll: true })
  }, [identity])
  return (
    <>
      <Tabs
        name="Explorer"
        tabs={tabs}
        current={tabs.find(({ page }) => page === current.page)?.href}
      />
      <div key={identity}>
        <PageOf route={current} />
      </div>
    </>
  )
}

function PageOf({ route: current }: { route: Route }) {
  switch (current.page) {
    case 'overview':
      return <Overview />
    case 'blocks':
      return <BlocksPage />
    case 'transactions':
      return <TransactionsPage />
    case 'receipts':
      return <ReceiptsPage />
    case 'search':
      return <SearchPage />
    case 'block':
      return <BlockPage id={current.id} />
    case 'transaction':
      return <TransactionPage hash={current.id} />
    case 'receipt':
      return <ReceiptPage id={current.id} />
    case 'address':
      return <AddressPage address={current.id} />
    case 'unknown':
      return <UnknownPage />
    default:
      return <LaterPage page={current.page} id={'id' in current ? current.id : ''} />
  }
}

function titleOf(current: Route): string {
  switch (current.page) {
    case 'overview':
      return 'Overview'
    case 'blocks':
      return 'Blocks'
    case 'transactions':
      return 'Transactions'
    case 'receipts':
      return 'Receipts'
    case 'search':
      return 'Search'
    case 'block':
      return `Block ${brief(current.id)}`
    case 'transaction':
      return `Transaction ${brief(current.id)}`
    case 'receipt':
      return `Receipt ${brief(current.id)}`
    case 'address':
      return `Address ${brief(current.id)}`
    case 'job':
      return `Job ${brief(current.id)}`
    case 'escrow':
      return `Escrow ${brief(current.id)}`
    case 'miner':
      return `Miner ${brief(current.id)}`
    case 'unknown':
      return 'Page not found'
    default:
      return laterTitles[current.page]
  }
}

const brief = (id: string): string => (id.length > 16 ? `${id.slice(0, 10)}…${id.slice(-6)}` : id)
