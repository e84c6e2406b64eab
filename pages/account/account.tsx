/** One's account at this site: what it is, keys, usage, sign-ins. Chooses the view for the address. */
import { useEffect, useRef } from 'preact/hooks'
import { Title } from '../explorer/parts.tsx'
import { Later, type ViewLoader } from '../shared/frame/later.tsx'
import { here } from '../shared/list/url-state.ts'
import { SignedIn } from '../shared/signed-in.tsx'
import { Empty } from '../shared/ui/states.tsx'
import { Tabs } from '../shared/ui/tabs.tsx'
import { Overview } from './overview.tsx'

const views = [
  { path: '/account/', title: 'Account', tab: 'Overview' },
  { path: '/account/keys', title: 'API keys', tab: 'API keys' },
  { path: '/account/usage', title: 'Usage', tab: 'Usage' },
  { path: '/account/sessions', title: 'Sign-ins', tab: 'Sign-ins' },
] as const

const tabs = views.map(({ path, tab }) => ({ href: path, label: tab }))

const loaders: Readonly<Record<string, ViewLoader<{ address: string }>>> = {
  '/account/keys': async () => (await import('./keys.tsx')).Keys,
  '/account/usage': async () => (await import('./usage.tsx')).Usage,
  '/account/sessions': async () => (await import('./sign-ins.tsx')).SignIns,
}

export function Account() {
  const { pathname } = here.value
  const path = pathname === '/account/' ? pathname : pathname.replace(/\/+$/, '')
  const view = views.find((each) => each.path === path)
  const title = view?.title ?? 'No such page'
  const first = useRef(true)
  useEffect(() => {
    document.title = `${title} · AITBC`
    if (first.current) {
      first.current = false
      return
    }
    window.scrollTo(0, 0)
    document.querySelector<HTMLElement>('#account h1')?.focus({ preventScroll: true })
  }, [path])
  return (
    <>
      <Tabs name="Account" tabs={tabs} current={path} />
      <div key={path}>
        {view ? (
          <SignedIn to="see your account" heading={title}>
            {(address) => <View path={path} title={title} address={address} />}
          </SignedIn>
        ) : (
          <Lost />
        )}
      </div>
    </>
  )
}

function View({ path, title, address }: { path: string; title: string; address: string }) {
  const load = loaders[path]
  if (!load) return <Overview address={address} />
  return <Later load={load} of={{ address }} heading={<Title>{title}</Title>} part="account page" />
}

function Lost() {
  return (
    <>
      <Title>No such page in your account</Title>
      <Empty title="The address leads nowhere">
        <a class="button button-small" href="/account/">
          To your account
        </a>
      </Empty>
    </>
  )
}
