/** What a person sees who has no wallet in this browser. */
import { here, query } from '../shared/list/url-state.ts'
import { ExtensionSignIn } from './extension-sign-in.tsx'
import { viewOf } from './routes.ts'

export function Welcome() {
  const isSignIn = viewOf(here.value.pathname) === 'sign-in'
  // Whoever came to sign in goes on to that once there is a wallet.
  const onward = isSignIn ? `?return=${encodeURIComponent(query('return') || '/wallet/')}` : ''
  return (
    <>
      <h1 tabIndex={-1}>Wallet</h1>
      <p class="wallet-lead">
        Keep keys in this browser, under a password that never leaves it. The wallet shows what it
        signs, checks balances against the chain itself, and asks nobody but this site.
      </p>
      {isSignIn ? (
        <p class="wallet-lead">
          <strong>To sign in you need a key.</strong> Make or import a wallet, and you will be asked
          to sign in with it.
        </p>
      ) : null}
      {isSignIn ? <ExtensionSignIn /> : null}
      <ul class="ways">
        <li class="way">
          <h2>Create a wallet</h2>
          <p>
            New keys, made here. You write down twelve words that bring them back on any device.
          </p>
          <a class="button button-primary" href={`/wallet/create${onward}`}>
            Create a wallet
          </a>
        </li>
        <li class="way">
          <h2>Import a wallet</h2>
          <p>
            You have words, a keystore file of this network or of the original one, or a raw key.
          </p>
          <a class="button" href={`/wallet/import${onward}`}>
            Import a wallet
          </a>
        </li>
      </ul>
      <h2 class="section-title">Before you begin</h2>
      <ul class="plain-list">
        <li>
          <strong>Nobody can reset it.</strong> Without the password and without the words the money
          is gone; this site has neither.
        </li>
        <li>
          <strong>Whoever has the words has the money.</strong> No page, no person and no support
          will ever ask for them.
        </li>
        <li>
          <strong>Clearing this browser’s data deletes the wallet here.</strong> The words or an
          exported file bring it back.
        </li>
        <li>
          <strong>A key in a browser is for everyday sums.</strong>{' '}
          <a href="/docs/use-the-wallet.html">How it is protected, and from what it is not</a>.
        </li>
      </ul>
    </>
  )
}
