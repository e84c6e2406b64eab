/** Signing in with the wallet of an extension, where one announces itself. */
import { useEffect, useState } from 'preact/hooks'
import { query } from '../shared/list/url-state.ts'
import { type Trouble, TroubleNote } from '../shared/ui/trouble.tsx'
import { askForProviders, type FoundProvider, foundProviders } from './providers.ts'
import { placeToReturn } from './return-to.ts'
import { challengeFor, logIn } from './sign-in-site.ts'
import { askTrouble } from './trouble.ts'

export function ExtensionSignIn() {
  const [busy, setBusy] = useState(false)
  const [trouble, setTrouble] = useState<Trouble>()
  useEffect(askForProviders, [])
  if (foundProviders.value.size === 0) return null
  const run = async (provider: FoundProvider) => {
    if (busy) return
    setBusy(true)
    const found = await signInWith(provider)
    setBusy(false)
    setTrouble(found)
    if (!found) location.assign(placeToReturn(query('return')))
  }
  return (
    <section class="below-list" aria-label="Extensions">
      <h2 class="section-title">Or with an extension</h2>
      <p class="small wallet-lead">It shows the message in a window of its own.</p>
      {trouble ? <TroubleNote trouble={trouble} /> : null}
      <div class="balance-actions">
        {[...foundProviders.value].map(([rdns, provider]) => (
          <button
            key={rdns}
            type="button"
            class="button"
            aria-disabled={busy}
            onClick={() => void run(provider)}
          >
            {busy ? 'Waiting for the extension' : `Sign in with ${provider.name}`}
          </button>
        ))}
      </div>
    </section>
  )
}

async function signInWith(provider: FoundProvider): Promise<Trouble | undefined> {
  try {
    const [address] = (await provider.request({ method: 'aitbc_requestAccounts' })) as unknown[]
    if (typeof address !== 'string') return refused('It named no account.')
    const challenge = await challengeFor(address)
    if (!challenge.ok) return askTrouble(challenge.error)
    const { message } = challenge.value
    const params = [{ message, account: address }]
    const signed = (await provider.request({ method: 'aitbc_signMessage', params })) as {
      signature?: unknown
      publicKey?: unknown
    }
    const { signature, publicKey } = signed
    if (typeof signature !== 'string' || typeof publicKey !== 'string') {
      return refused('It gave no signature.')
    }
    return await logIn({ address, message, publicKey, signature })
  } catch (error) {
    const code = (error as { code?: unknown } | null)?.code
    return refused(code === 4001 ? 'You declined in the extension.' : 'It did not answer.')
  }
}

const refused = (happened: string): Trouble => ({
  happened: `The extension did not sign you in. ${happened}`,
  money: 'Nothing was paid.',
  remedy: 'Open the extension and try again.',
})
