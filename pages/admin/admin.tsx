/** The console: who may see it, its tabs, and the view that the address names. */
import type { ComponentChildren } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import { Title } from '../explorer/parts.tsx'
import { accountAnswer } from '../shared/account-wire.ts'
import { Later, type ViewLoader } from '../shared/frame/later.tsx'
import { here, query } from '../shared/list/url-state.ts'
import { slowEdge } from '../shared/live/chain.ts'
import { useResource } from '../shared/live/resource.ts'
import { SignedIn, signInPath } from '../shared/signed-in.tsx'
import { wholeAddress } from '../shared/ui/links.tsx'
import { Empty, Failed, Skeleton } from '../shared/ui/states.tsx'
import { Tabs } from '../shared/ui/tabs.tsx'
import { clearOutcome, Outcome } from './outcome.tsx'
import { adminPath, type ViewName, viewOf } from './routes.ts'

const tabs = [
  { href: adminPath('overview'), label: 'Overview' },
  { href: adminPath('jobs'), label: 'Jobs' },
  { href: adminPath('miners'), label: 'Miners' },
  { href: adminPath('held'), label: 'Held results' },
  { href: adminPath('payments'), label: 'Payments' },
  { href: adminPath('users'), label: 'Users' },
  { href: adminPath('keys'), label: 'Keys' },
  { href: adminPath('audit'), label: 'Audit log' },
  { href: adminPath('config'), label: 'Settings' },
] as const

/** Under which tab a view stands. */
const tabOf: Partial<Record<ViewName, ViewName>> = { job: 'jobs', miner: 'miners' }

const titles: Record<ViewName, string> = {
  overview: 'Administration',
  jobs: 'Jobs',
  job: 'Job',
  miners: 'Miners',
  miner: 'Miner',
  held: 'Held results',
  users: 'Users',
  keys: 'Keys',
  payments: 'Payments',
  audit: 'Audit log',
  config: 'Settings',
}

type ViewProps = { id: string }

/** Code of a view is fetched when an administrator opens it: nobody else needs any of it. */
const loaders: Record<ViewName, ViewLoader<ViewProps>> = {
  overview: async () => (await import('./overview.tsx')).Overview,
  jobs: async () => (await import('./jobs.tsx')).Jobs,
  job: async () => (await import('./job.tsx')).JobPage,
  miners: async () => (await import('./miners.tsx')).Miners,
  miner: async () => (await import('./miner.tsx')).MinerPage,
  held: async () => (await import('./held.tsx')).HeldResults,
  users: async () => (await import('./users.tsx')).Users,
  keys: async () => (await import('./keys.tsx')).Keys,
  payments: async () => (await import('./payments.tsx')).Payments,
  audit: async () => (await import('./audit.tsx')).AuditLog,
  config: async () => (await import('./config.tsx')).Config,
}

export function Admin() {
  const view = viewOf(here.value.searchParams)
  const id = query('id')
  const identity = `${view} ${id}`
  const title = view === undefined ? 'No such page' : titles[view]
  const first = useRef(true)
  useEffect(() => {
    document.title = `${title} · AITBC${view === 'overview' ? '' : ' administration'}`
    if (first.current) {
      first.current = false
      return
    }
    clearOutcome()
    window.scrollTo(0, 0)
    document.querySelector<HTMLElement>('#admin h1')?.focus({ preventScroll: true })
  }, [identity])
  return (
    <SignedIn to="administer this site" heading="Administration">
      {(address) => (
        <Admitted key={address} address={address}>
          {() => (
            <>
              <Tabs
                name="Administration"
                tabs={tabs}
                current={view && adminPath(tabOf[view] ?? view)}
              />
              <Outcome />
              <div key={identity}>{view ? <View view={view} id={id} /> : <Lost />}</div>
            </>
          )}
        </Admitted>
      )}
    </SignedIn>
  )
}

/** Asks the site for the role: what is behind it is asked for only then. */
function Admitted({ address, children }: { address: string; children: () => ComponentChildren }) {
  const found = useResource('/api/v1/account', accountAnswer, slowEdge.value)
  if (found.phase === 'loading') {
    return (
      <>
        <Title>Administration</Title>
        <p aria-busy="true">
          <Skeleton size={16} />
        </p>
      </>
    )
  }
  if (found.phase === 'failed') {
    const { pathname, search } = here.value
    return (
      <>
        <Title>Administration</Title>
        <Failed what="your role" failure={found.failure} retry={found.retry} />
        {found.failure.code === 'REFUSED' ? (
          <p class="below">
            <a class="button button-small" href={signInPath(pathname + search)}>
              Sign in again
            </a>
          </p>
        ) : null}
      </>
    )
  }
  return found.value.role === 'admin' ? children() : <NoRole address={address} />
}

function NoRole({ address }: { address: string }) {
  return (
    <>
      <Title>Administration</Title>
      <div class="note">
        <strong>This account does not administer the site</strong>
        <span>
          Whoever operates the site names its administrators in the setting{' '}
          <code>ADMIN_ADDRESSES</code>. You are signed in as
        </span>
        <span>{wholeAddress(address, 'your address')}</span>
        <span>
          <a href="/docs/administer-a-site.html">How a site is administered</a>
        </span>
        <a class="button button-small" href="/account/">
          To your account
        </a>
      </div>
    </>
  )
}

function View({ view, id }: { view: ViewName; id: string }) {
  return (
    <Later
      load={loaders[view]}
      of={{ id }}
      heading={<Title>{titles[view]}</Title>}
      part="console"
    />
  )
}

function Lost() {
  return (
    <>
      <Title>No such page in the console</Title>
      <Empty title="The address leads nowhere">
        <a class="button button-small" href={adminPath('overview')}>
          To the overview
        </a>
      </Empty>
    </>
  )
}
