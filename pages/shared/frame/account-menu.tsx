/** Who is signed in, in the header of every page: the account, the way to its wallet, the way out. */
import { render } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { announce } from './announce.ts'
import { keepSessionHint, sessionHint } from './session-hint.ts'

/** Draws the account into `holder` in place of `link`, or the link again when nobody is signed in. */
export function showAccount(holder: HTMLElement, link: HTMLElement): void {
  const hint = sessionHint()
  link.hidden = hint !== undefined
  let box = holder.querySelector<HTMLElement>('.account-menu')
  if (!box) {
    box = document.createElement('div')
    box.className = 'account-menu'
    holder.append(box)
  }
  if (hint) holder.dataset['account'] = hint.address
  else delete holder.dataset['account']
  render(
    hint ? <Account address={hint.address} onOut={() => showAccount(holder, link)} /> : null,
    box,
  )
}

function Account({ address, onOut }: { address: string; onOut: () => void }) {
  const [busy, setBusy] = useState(false)
  useEffect(() => {
    // The session may have been ended elsewhere since.
    void isOver().then((over) => {
      if (!over) return
      keepSessionHint(undefined)
      onOut()
      tellPage()
    })
  }, [])
  const out = async () => {
    if (busy) return
    setBusy(true)
    const ended = await logOut()
    setBusy(false)
    announce(ended ? 'Signed out' : 'Could not sign out: the site cannot be reached')
    if (ended) {
      onOut()
      tellPage()
    }
  }
  return (
    <>
      <a class="account-name mono" href="/account/" title={`Signed in as ${address}`}>
        <span class="visually-hidden">Signed in as </span>
        {address.slice(0, 9)}…{address.slice(-4)}
      </a>
      <button type="button" class="text-button" aria-disabled={busy} onClick={() => void out()}>
        Sign out
      </button>
    </>
  )
}

/** What the page shows of the account is not the reader's any more. */
const tellPage = () => document.dispatchEvent(new Event('aitbc:session'))

/** Whether the site says that nobody is signed in. What cannot be asked is not over. */
async function isOver(): Promise<boolean> {
  try {
    const response = await fetch('/api/v1/users/me', { headers: { accept: 'application/json' } })
    return response.status === 401
  } catch {
    return false
  }
}

/** Ends the session at the site. Says whether there is none any more. */
export async function logOut(): Promise<boolean> {
  try {
    const response = await fetch('/api/v1/auth/logout', {
      method: 'POST',
      headers: { accept: 'application/json', 'content-type': 'application/json' },
      body: '{}',
    })
    // 401: the session was over before.
    if (!response.ok && response.status !== 401) return false
    keepSessionHint(undefined)
    return true
  } catch {
    return false
  }
}
