/** Sends a transaction that was signed elsewhere; shows what it does before, and what became of it after. */
import { useEffect, useState } from 'preact/hooks'
import { type CallRow, callEndpoint, type Send } from '../../core/api/client.ts'
import { explorerPath } from '../shared/addresses.ts'
import { inspect } from '../shared/light/client.ts'
import type { Inspected } from '../shared/light/messages.ts'
import '../shared/styles/form.css'
import { Hash } from '../shared/ui/hash.tsx'
import { Pairs } from '../shared/ui/pairs.tsx'
import { Status } from '../shared/ui/status.tsx'
import { Title } from './parts.tsx'

/** Longer text is no transaction: most bytes of one are `transactionBytesMax`, twice as many digits. */
const digitsMax = 200_000

type Sent =
  | { readonly state: 'sending' }
  | { readonly state: 'taken'; readonly hash: string; readonly known: boolean }
  | { readonly state: 'refused' | 'unanswered'; readonly reason: string }

export function BroadcastPage() {
  const [typed, setTyped] = useState('')
  const [sent, setSent] = useState<Sent>()
  const hex = typed
    .replace(/^\s*0x/, '')
    .replaceAll(/\s/g, '')
    .toLowerCase()
  const inspected = useInspected(hex)
  const canSend = inspected?.ok === true && sent?.state !== 'sending'
  const send = async () => {
    setSent({ state: 'sending' })
    setSent(await broadcast(hex))
  }
  return (
    <>
      <Title>Send a signed transaction</Title>
      <p class="lead">
        For transactions that were signed elsewhere, such as on a device without a network. They
        carry their signature; no key is asked for, and none belongs here.{' '}
        <a href="/docs/sign-a-transaction.html">How to sign one</a>.
      </p>
      <form
        class="broadcast"
        onSubmit={(event) => {
          event.preventDefault()
          if (canSend) void send()
        }}
      >
        <div class="field">
          <label class="field-label" for="signed-bytes">
            Signed bytes
          </label>
          <span class="field-hint" id="signed-bytes-hint">
            Hexadecimal digits of the canonical bytes, with or without 0x.
          </span>
          <textarea
            id="signed-bytes"
            class="input mono"
            rows={6}
            autocomplete="off"
            spellcheck={false}
            maxLength={digitsMax}
            aria-describedby="signed-bytes-hint signed-bytes-state"
            value={typed}
            onInput={(event) => {
              setTyped(event.currentTarget.value)
              setSent(undefined)
            }}
          />
          <div id="signed-bytes-state" role="status">
            {inspected === undefined ? null : inspected.ok ? (
              <Signature inspected={inspected} />
            ) : (
              <Status tone="bad" word={`No transaction: ${inspected.reason}`} />
            )}
          </div>
        </div>
        {inspected?.ok ? <Read inspected={inspected} /> : null}
        <button type="submit" class="button button-primary" aria-disabled={!canSend}>
          {sent?.state === 'sending' ? 'Sending' : 'Send transaction'}
        </button>
      </form>
      <div role="status">{sent ? <Result sent={sent} /> : null}</div>
    </>
  )
}

function useInspected(hex: string): Inspected | undefined {
  const [held, setHeld] = useState<{ hex: string; inspected: Inspected }>()
  useEffect(() => {
    if (hex === '') return
    let isCurrent = true
    void inspect('transaction', hex).then((inspected) => isCurrent && setHeld({ hex, inspected }))
    return () => {
      isCurrent = false
    }
  }, [hex])
  return held?.hex === hex && hex !== '' ? held.inspected : undefined
}

type Good = Extract<Inspected, { ok: true }>

function Signature({ inspected: { signatures } }: { inspected: Good }) {
  return signatures.every(({ holds }) => holds) ? (
    <Status tone="good" word="Signed for this chain" />
  ) : (
    <Status tone="bad" word="The signature does not hold on this chain: it will be refused" />
  )
}

function Read({ inspected: { hash, fields } }: { inspected: Good }) {
  return (
    <>
      <h2 class="section-title">What it says</h2>
      <Pairs
        pairs={[
          hash === undefined
            ? undefined
            : ['Hash', <Hash value={hash} what="transaction hash" whole />],
          ...fields.map(({ name, value }) => {
            const shown =
              value.length > 20 ? (
                <Hash value={value} what={name} whole />
              ) : (
                <span class="mono">{value}</span>
              )
            return [name, shown] as const
          }),
        ]}
      />
    </>
  )
}

function Result({ sent }: { sent: Sent }) {
  if (sent.state === 'sending') return null
  if (sent.state !== 'taken') {
    const isRefused = sent.state === 'refused'
    return (
      <div class={`note note-${isRefused ? 'failed' : 'caution'} below`}>
        <strong>{isRefused ? 'Not taken' : 'No answer'}</strong>
        <span class="break">
          {sent.reason}
          {isRefused ? ' Nothing was charged.' : ''}
        </span>
      </div>
    )
  }
  return (
    <div class="note below">
      <strong>{sent.known ? 'The site had it already' : 'Taken: it waits for a block'}</strong>
      <span>It is settled once its block is final, which its page shows.</span>
      <a class="button button-small" href={explorerPath.transaction(sent.hash)}>
        Follow it
      </a>
    </div>
  )
}

/** The row of the endpoint table; a page checks with a few lines what the schemas check elsewhere. */
const submit: CallRow<'submitTransactions'> = {
  method: 'POST',
  path: '/rpc/transactions',
  read: (_status, json) => {
    const { tx_hash, known } = json as { readonly tx_hash?: unknown; readonly known?: unknown }
    return typeof tx_hash === 'string' ? { value: { tx_hash, known: known === true } } : undefined
  },
}

async function broadcast(hex: string): Promise<Sent> {
  const taken = await callEndpoint(submit, { body: { tx: hex } }, sendToSite)
  if (taken.ok && 'tx_hash' in taken.value) {
    return { state: 'taken', hash: taken.value.tx_hash, known: taken.value.known }
  }
  if (!taken.ok && taken.error.status >= 400) {
    const { message } = taken.error
    return { state: 'refused', reason: message.endsWith('.') ? message : `${message}.` }
  }
  const reason =
    'The site did not answer. Whether it took the transaction is not known: sending the same bytes again is safe.'
  return { state: 'unanswered', reason }
}

/** Carries a call to this very site. */
const sendToSite: Send = async ({ method, target, body }) => {
  const response = await fetch(target, {
    method,
    headers: { 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(15_000),
  })
  return { status: response.status, json: (await response.json()) as unknown }
}
