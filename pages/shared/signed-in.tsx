/** Who is signed in on this page, and the way to sign in for what only an account can do. */
import { signal } from '@preact/signals'
import type { ComponentChildren } from 'preact'
import { Title } from '../explorer/parts.tsx'
import { isSessionKey, sessionHint } from './frame/session-hint.ts'
import { here } from './list/url-state.ts'

/** Address of the account that is signed in; empty when nobody is. */
export const account = signal(sessionHint()?.address ?? '')

const look = () => {
  account.value = sessionHint()?.address ?? ''
}
document.addEventListener('aitbc:session', look)
window.addEventListener('storage', ({ key }) => isSessionKey(key) && look())

/** Where signing in leads back to. */
export const signInPath = (back: string): string =>
  `/wallet/sign-in?return=${encodeURIComponent(back)}`

type SignedInProps = {
  /** Completes "Sign in to …": "place a bid". */
  to: string
  /** First heading of the page while nobody is signed in, where the page has none of its own then. */
  heading?: string
  children: (address: string) => ComponentChildren
}

/** What needs an account, or the way to one. */
export function SignedIn({ to, heading, children }: SignedInProps) {
  const address = account.value
  if (address !== '') return <>{children(address)}</>
  const { pathname, search } = here.value
  return (
    <>
      {heading === undefined ? null : <Title>{heading}</Title>}
      <SignInNote to={to} href={signInPath(pathname + search)} />
    </>
  )
}

function SignInNote({ to, href }: { to: string; href: string }) {
  return (
    <div class="note">
      <strong>Sign in to {to}</strong>
      <span>
        You sign a message with a key of your own. No password, no e-mail, no money moves.
      </span>
      <a class="button button-primary button-small" href={href}>
        Sign in
      </a>
    </div>
  )
}
