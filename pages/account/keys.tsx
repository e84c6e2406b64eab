/** API keys: made, funded by the wallet, rotated, revoked. A secret is shown once and kept nowhere. */
import { useEffect, useRef, useState } from 'preact/hooks'
import { Title } from '../explorer/parts.tsx'
import {
  type AccountKey,
  accountKey,
  keyListAnswer,
  keyWithSecret,
} from '../shared/account-wire.ts'
import { Funding, fundingWaits } from '../shared/funding.tsx'
import { chainEdge, slowEdge } from '../shared/live/chain.ts'
import { useResource } from '../shared/live/resource.ts'
import { type SendFailure, sendJson } from '../shared/live/send.ts'
import type { ShapeOf } from '../shared/live/shape.ts'
import { ownWord } from '../shared/own.ts'
import { Amount } from '../shared/ui/amount.tsx'
import { Disclosure } from '../shared/ui/bits.tsx'
import { CopyButton } from '../shared/ui/copy.tsx'
import { ConfirmDialog } from '../shared/ui/dialog.tsx'
import { Pairs } from '../shared/ui/pairs.tsx'
import { Empty, Loaded } from '../shared/ui/states.tsx'
import { When } from '../shared/ui/time.tsx'
import type { Trouble } from '../shared/ui/trouble.tsx'
import { Moment } from '../wallet/moment.tsx'
import { KeyState, scopeWords } from './key-words.tsx'
import { NewKey } from './new-key.tsx'
import { UseKey } from './use-key.tsx'

const isOver = ({ state }: AccountKey): boolean => state === 'revoked' || state === 'expired'
const isLive = (key: AccountKey): boolean => key.kind === 'key' && !isOver(key)

type Made = ShapeOf<typeof keyWithSecret>

export function Keys({ address }: { address: string }) {
  const [changed, setChanged] = useState(0)
  const [made, setMade] = useState<Made>()
  const again = () => setChanged((count) => count + 1)
  const found = useResource(
    '/api/v1/account/keys',
    keyListAnswer,
    `${chainEdge.value} ${slowEdge.value} ${changed}`,
  )
  const show = (next: Made) => {
    setMade(next)
    again()
  }
  return (
    <>
      <Title>API keys</Title>
      <p class="lead">
        For programs: the API that OpenAI clients speak, and all of this site’s. A key spends only
        what you lock for it on the chain, and can be stopped at any time.
      </p>
      {made ? <Secret made={made} onKept={() => setMade(undefined)} /> : null}
      <Loaded resource={found} what="your keys">
        {({ items }) => {
          const keys = items.filter(({ kind }) => kind === 'key')
          return keys.length === 0 ? (
            <Empty title="No keys">
              <span>Make one below, lock money for it, and give it to your program.</span>
            </Empty>
          ) : (
            <ul class="keys-list">
              {keys.map((key) => (
                <li key={key.key_id}>
                  <KeyCard value={key} address={address} onChanged={again} onSecret={show} />
                </li>
              ))}
            </ul>
          )
        }}
      </Loaded>
      <UseKey />
      {found.phase === 'ready' && found.value.items.some(isLive) ? (
        <Disclosure summary="New key">
          <NewKey onMade={show} />
        </Disclosure>
      ) : (
        <>
          <h2 class="section-title">New key</h2>
          <NewKey onMade={show} />
        </>
      )}
    </>
  )
}

/** The secret, while this page is open. */
function Secret({ made, onKept }: { made: Made; onKept: () => void }) {
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => heading.current?.focus(), [made.secret])
  return (
    <section class="note note-caution secret" aria-label="The new secret">
      <h2 tabIndex={-1} ref={heading}>
        Keep the secret of {made.key.name} now
      </h2>
      <span>
        It is shown this once: the site keeps only a hash of it. Lost, it can be replaced.
      </span>
      <span class="secret-value">
        <code class="break">{made.secret}</code>
        <CopyButton value={made.secret} what="the secret" />
      </span>
      <button type="button" class="button button-primary button-small" onClick={onKept}>
        I have kept it
      </button>
    </section>
  )
}

type CardProps = {
  value: AccountKey
  address: string
  onChanged: () => void
  onSecret: (made: Made) => void
}

function KeyCard({ value: key, address, onChanged, onSecret }: CardProps) {
  const { funding } = key
  return (
    <section class="key-card" aria-label={key.name}>
      <div class="key-head">
        <h2 class="break">{key.name}</h2>
        <KeyState value={key} />
      </div>
      <Pairs
        pairs={[
          ['Secret', key.hint === undefined ? 'none' : <code>aitbc_…{key.hint}</code>],
          ['May', key.scopes.map((scope) => ownWord(scopeWords, scope) ?? scope).join('; ')],
          [
            'Last used',
            key.last_used_at === undefined ? 'never' : <When ms={key.last_used_at} ageOnly />,
          ],
          ['Ends', key.expires_at === undefined ? 'never' : <Moment ms={key.expires_at} />],
          [
            'Spent',
            <>
              <Amount units={key.spent} />
              {key.budget === undefined ? null : (
                <>
                  {' '}
                  of <Amount units={key.budget} />
                </>
              )}
            </>,
          ],
          funding && ['Locked for it', <Locked units={funding.available} isOver={isOver(key)} />],
          key.old_secret_until === undefined || isOver(key)
            ? undefined
            : [
                'Old secret',
                <>
                  works until <Moment ms={key.old_secret_until} />
                </>,
              ],
          funding?.fault === undefined ? undefined : ['In the way', funding.fault],
        ]}
      />
      {isOver(key) ? null : (
        <>
          {funding ? (
            <Disclosure
              summary={key.state === 'active' ? 'Lock more in a new escrow' : 'Lock money for it'}
              open={key.state === 'unfunded' || fundingWaits(key)}
            >
              <Funding fundedKey={key} account={address} onLinked={onChanged} />
            </Disclosure>
          ) : null}
          <KeyActions value={key} onChanged={onChanged} onSecret={onSecret} />
        </>
      )}
    </section>
  )
}

/** What is locked can be spent by a key that is not over; what is left of one that is, its owner gets back. */
function Locked({ units, isOver }: { units: bigint | undefined; isOver: boolean }) {
  if (units === undefined) return <>{isOver ? 'nothing' : 'nothing yet'}</>
  if (!isOver) {
    return (
      <>
        <Amount units={units} /> can be spent
      </>
    )
  }
  return units === 0n ? (
    <>nothing</>
  ) : (
    <>
      <Amount units={units} /> still; <a href="/wallet/escrows">get it back in your wallet</a>
    </>
  )
}

function KeyActions({ value: key, onChanged, onSecret }: Omit<CardProps, 'address'>) {
  const [asking, setAsking] = useState<'rotate' | 'revoke'>()
  const path = `/api/v1/account/keys/${encodeURIComponent(key.key_id)}`
  const close = () => setAsking(undefined)
  return (
    <div class="form-foot">
      <button type="button" class="button button-small" onClick={() => setAsking('rotate')}>
        Replace the secret
      </button>
      <button
        type="button"
        class="button button-small button-danger"
        onClick={() => setAsking('revoke')}
      >
        Revoke
      </button>
      <ConfirmDialog
        open={asking === 'rotate'}
        title={`Replace the secret of ${key.name}?`}
        cost="Costs nothing"
        confirm="Replace the secret"
        onClose={close}
        onConfirm={async () => {
          const sent = await sendJson(`${path}/rotate`, {}, keyWithSecret)
          if (!sent.ok) return troubleOf(sent.error)
          onSecret(sent.value)
          return undefined
        }}
      >
        The new secret is shown once. The old one goes on for a day, so that your programs can
        change over.
      </ConfirmDialog>
      <ConfirmDialog
        open={asking === 'revoke'}
        title={`Revoke ${key.name}?`}
        cost="What is locked stays yours"
        confirm="Revoke"
        onClose={close}
        onConfirm={async () => {
          const sent = await sendJson(path, undefined, accountKey, { method: 'DELETE' })
          if (!sent.ok) return troubleOf(sent.error)
          onChanged()
          return undefined
        }}
      >
        It stops at once and for ever. Jobs that it has begun go on and are paid; close its escrow
        in your wallet to get back what is left.
      </ConfirmDialog>
    </div>
  )
}

const troubleOf = ({ message }: SendFailure): Trouble => ({
  happened: message,
  money: 'Nothing was paid.',
  remedy: 'Try again.',
})
