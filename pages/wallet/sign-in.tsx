/** Signs in at this site by signing its challenge with the chosen account. */
import { useEffect, useRef, useState } from 'preact/hooks'
import { logOut } from '../shared/frame/account-menu.tsx'
import { sessionHint } from '../shared/frame/session-hint.ts'
import { navigate, query } from '../shared/list/url-state.ts'
import { getJson } from '../shared/live/request.ts'
import { anything } from '../shared/live/shape.ts'
import { Hash } from '../shared/ui/hash.tsx'
import { Skeleton } from '../shared/ui/states.tsx'
import { type Trouble, TroubleNote } from '../shared/ui/trouble.tsx'
import { askVault } from '../shared/vault/client.ts'
import type { MessagePreview } from '../shared/vault/messages.ts'
import { chosen } from './chosen.ts'
import { ExtensionSignIn } from './extension-sign-in.tsx'
import { MessageReview } from './message-review.tsx'
import { Moment } from './moment.tsx'
import { placeToReturn } from './return-to.ts'
import { challengeFor, logIn } from './sign-in-site.ts'
import { askTrouble, vaultTrouble } from './trouble.ts'

type Challenge = { readonly preview: MessagePreview; readonly message: string }

export function SignIn() {
  const account = chosen.value?.address ?? ''
  const [signedIn, setSignedIn] = useState(sessionHint()?.address)
  const goTo = placeToReturn(query('return'))
  if (signedIn !== undefined) {
    return <SignedIn address={signedIn} goTo={goTo} onOut={() => setSignedIn(undefined)} />
  }
  return (
    <>
      <h1 tabIndex={-1}>Sign in</h1>
      <p class="wallet-lead">
        You sign a message with the account chosen above. No password and no money changes hands,
        and the site learns nothing but that the account is yours.
      </p>
      <Challenged
        key={account}
        account={account}
        onIn={(address) => {
          if (goTo === '/wallet/sign-in') setSignedIn(address)
          // Loading the wallet anew would lock it.
          else if (goTo.startsWith('/wallet/')) navigate(goTo, { replace: true })
          else location.assign(goTo)
        }}
      />
      <ExtensionSignIn />
    </>
  )
}

function Challenged({ account, onIn }: { account: string; onIn: (address: string) => void }) {
  const [challenge, setChallenge] = useState<Challenge>()
  const [trouble, setTrouble] = useState<Trouble>()
  const [attempt, setAttempt] = useState(0)
  useEffect(() => {
    let isCurrent = true
    setTrouble(undefined)
    setChallenge(undefined)
    void prepare(account).then((found) => {
      if (!isCurrent) return
      if ('preview' in found) setChallenge(found)
      else setTrouble(found)
    })
    return () => {
      isCurrent = false
    }
  }, [account, attempt])
  if (trouble) {
    return (
      <>
        <TroubleNote trouble={trouble} />
        <div class="form-foot">
          <button type="button" class="button" onClick={() => setAttempt(attempt + 1)}>
            Try again
          </button>
        </div>
      </>
    )
  }
  if (!challenge) {
    return (
      <p aria-busy="true">
        <Skeleton size={16} />
      </p>
    )
  }
  return (
    <MessageReview
      key={challenge.preview.token}
      preview={challenge.preview}
      sign="Sign in"
      onBack={() => history.back()}
      onSigned={async (signed) => {
        const found = await logIn({ address: account, message: challenge.message, ...signed })
        if (found) return found
        onIn(account)
        return undefined
      }}
    />
  )
}

type SignedInProps = { address: string; goTo: string; onOut: () => void }

function SignedIn({ address, goTo, onOut }: SignedInProps) {
  const [trouble, setTrouble] = useState<Trouble>()
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => heading.current?.focus(), [])
  const until = sessionHint()?.expiresAtMs
  const out = async () => {
    if (await logOut()) {
      document.dispatchEvent(new Event('aitbc:session'))
      onOut()
    } else {
      setTrouble(askTrouble({ code: 'UNREACHABLE', message: 'The site cannot be reached.' }))
    }
  }
  return (
    <>
      <h1 tabIndex={-1} ref={heading}>
        You are signed in
      </h1>
      <p class="wallet-lead">
        As <Hash value={address} what="address" />
        {until === undefined ? null : (
          <>
            , until <Moment ms={until} />
          </>
        )}
        . All your sign-ins are under <a href="/wallet/settings">Settings</a>.
      </p>
      {trouble ? <TroubleNote trouble={trouble} /> : null}
      <div class="form-foot">
        <button type="button" class="button" onClick={() => void out()}>
          Sign out
        </button>
        {goTo === '/wallet/sign-in' ? null : (
          <a class="button button-primary" href={goTo}>
            Go back to where you were
          </a>
        )}
      </div>
    </>
  )
}

/** Asks for a challenge and has the vault say what signing it would mean. */
async function prepare(account: string): Promise<Challenge | Trouble> {
  const [challenge, genesis] = await Promise.all([
    challengeFor(account),
    getJson('/rpc/genesis', anything),
  ])
  if (!challenge.ok) return askTrouble(challenge.error)
  if (!genesis.ok) return askTrouble(genesis.error)
  const { message, nonce } = challenge.value
  const preview = await askVault('previewMessage', {
    account,
    genesis: genesis.value.value,
    origin: location.origin,
    knownTexts: [nonce],
    text: message,
  })
  return preview.ok ? { preview: preview.value, message } : vaultTrouble(preview.error)
}
