/** The header's way to sign in; who is signed in is drawn by a script that is fetched only then. */
import { isSessionKey, sessionHint } from './session-hint.ts'

export function bindSignIn(): void {
  const holder = document.getElementById('sign-in')
  const link = holder?.querySelector('a')
  if (!holder || !link) return
  link.addEventListener('click', () => {
    if (location.pathname === '/wallet/sign-in') return
    link.href = `/wallet/sign-in?return=${encodeURIComponent(location.pathname + location.search)}`
  })
  const show = () => {
    if (sessionHint() === undefined && holder.dataset['account'] === undefined) return
    void import('./account-menu.tsx')
      .then(({ showAccount }) => showAccount(holder, link))
      .catch(() => undefined)
  }
  show()
  window.addEventListener('storage', ({ key }) => {
    if (isSessionKey(key)) show()
  })
  document.addEventListener('aitbc:session', show)
}
