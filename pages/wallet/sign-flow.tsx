/**
 * From a wish to a final transaction: the vault decodes what would be signed, a person reads it, the vault
 * signs exactly that, the site takes it, the chain makes it final.
 */
import { useEffect, useRef, useState } from 'preact/hooks'
import { ownLabels } from '../shared/labels/own-labels.ts'
import { slotNow, status } from '../shared/live/chain.ts'
import { getJson } from '../shared/live/request.ts'
import { sendJson } from '../shared/live/send.ts'
import { anything } from '../shared/live/shape.ts'
import { Amount } from '../shared/ui/amount.tsx'
import { Disclosure } from '../shared/ui/bits.tsx'
import { Pairs } from '../shared/ui/pairs.tsx'
import { Skeleton } from '../shared/ui/states.tsx'
import { type Trouble, TroubleNote } from '../shared/ui/trouble.tsx'
import { askVault } from '../shared/vault/client.ts'
import type { DraftMessage, TransactionPreview } from '../shared/vault/messages.ts'
import { Progress } from './progress.tsx'
import { Risks } from './risks.tsx'
import { askTrouble, sendTrouble, vaultTrouble } from './trouble.ts'
import { accountAnswer, sentAnswer } from './wire.ts'

/** What is to be signed. `nonce`: where it must be a certain one, else the next. */
export type Wish = {
  readonly account: string
  readonly message: DraftMessage
  readonly nonce?: number | undefined
  /** Public key of this site's coordinator, and what the escrow holds, where they matter. */
  readonly coordinator?: string | undefined
  readonly escrowBalance?: string | undefined
}

/** A block must hold it within so many slots: five minutes. */
const lifeSlots = 150

type Stage =
  | { readonly at: 'preparing' }
  | { readonly at: 'failed'; readonly trouble: Trouble }
  | { readonly at: 'review'; readonly preview: TransactionPreview; readonly trouble?: Trouble }
  | { readonly at: 'sending'; readonly preview: TransactionPreview }
  | { readonly at: 'sent'; readonly preview: TransactionPreview; readonly hash: string }

type Props = {
  wish: Wish
  /** Back to what was typed; nothing was signed. */
  onBack: () => void
  /** On to something else; it is sent. */
  onDone: () => void
  /** `give`: whoever asked sends it. */
  deliver?: 'send' | 'give'
  /** Gets what was signed, whether it is sent here or not. */
  onSigned?: (signed: Signed) => void
}

/** Hex: the signed transaction and its hash. */
type Signed = { readonly bytes: string; readonly hash: string }

export function SignFlow({ wish, onBack, onDone, deliver = 'send', onSigned }: Props) {
  const [stage, setStage] = useState<Stage>({ at: 'preparing' })
  const heading = useRef<HTMLHeadingElement>(null)
  const [attempt, setAttempt] = useState(0)
  useEffect(() => {
    let isCurrent = true
    setStage({ at: 'preparing' })
    void prepare(wish).then((found) => {
      if (isCurrent) setStage(found)
    })
    return () => {
      isCurrent = false
    }
  }, [attempt])
  const { at } = stage
  useEffect(() => heading.current?.focus(), [at === 'review', at === 'sent'])
  const send = async (preview: TransactionPreview) => {
    setStage({ at: 'sending', preview })
    const signed = await askVault('signTransaction', { token: preview.token })
    if (!signed.ok) {
      return setStage({ at: 'review', preview, trouble: vaultTrouble(signed.error) })
    }
    if (deliver === 'give') return onSigned?.(signed.value)
    const next = await sendSigned(preview, signed.value)
    if (next.at === 'sent') onSigned?.(signed.value)
    setStage(next)
  }
  return (
    <section class="sign-flow" aria-busy={at === 'preparing'} aria-label="Review and sign">
      <h2 tabIndex={-1} ref={heading}>
        {at === 'sent' ? 'Sent' : 'Review before you sign'}
      </h2>
      {at === 'preparing' ? (
        <p>
          <Skeleton size={16} />
        </p>
      ) : null}
      {at === 'failed' ? (
        <>
          <TroubleNote trouble={stage.trouble} />
          <div class="form-foot">
            <button type="button" class="button" onClick={onBack}>
              Go back
            </button>
            <button
              type="button"
              class="button button-primary"
              onClick={() => setAttempt(attempt + 1)}
            >
              Try again
            </button>
          </div>
        </>
      ) : null}
      {at === 'review' || at === 'sending' ? (
        <Review
          preview={stage.preview}
          trouble={at === 'review' ? stage.trouble : undefined}
          busy={at === 'sending'}
          send={deliver === 'send' ? 'Sign and send' : 'Sign'}
          onBack={onBack}
          onSend={() => void send(stage.preview)}
          onAgain={() => setAttempt(attempt + 1)}
        />
      ) : null}
      {at === 'sent' ? (
        <>
          <p class="sign-summary">{stage.preview.title}</p>
          <Progress hash={stage.hash} />
          <div class="form-foot">
            <button type="button" class="button" onClick={onDone}>
              Done
            </button>
          </div>
        </>
      ) : null}
    </section>
  )
}

type ReviewProps = {
  preview: TransactionPreview
  trouble: Trouble | undefined
  busy: boolean
  /** The verb of the button. */
  send: string
  onBack: () => void
  onSend: () => void
  onAgain: () => void
}

function Review({ preview, trouble, busy, send, onBack, onSend, onAgain }: ReviewProps) {
  return (
    <>
      <p class="sign-summary">{preview.title}</p>
      <CostLines preview={preview} />
      <Risks risks={preview.risks} />
      <Disclosure summary="Every field of what you sign" open>
        <Pairs
          pairs={[
            ...preview.lines.map(({ label, value }) => [label, <Value text={value} />] as const),
            ['Chain', <Value text={preview.chainId} />],
            ['Genesis', <Value text={`0x${preview.genesisHash}`} />],
          ]}
        />
      </Disclosure>
      <p class="small muted">
        These lines were read back from the bytes that will be signed, and nothing else is signed.
      </p>
      {trouble ? <TroubleNote trouble={trouble} /> : null}
      <div class="form-foot">
        <span class="cost">
          <Amount units={BigInt(preview.leaves)} />
        </span>
        <button type="button" class="button" aria-disabled={busy} onClick={() => !busy && onBack()}>
          Go back
        </button>
        {trouble ? (
          <button type="button" class="button button-primary" onClick={onAgain}>
            Review again
          </button>
        ) : (
          <button
            type="button"
            class="button button-primary"
            aria-disabled={busy}
            onClick={() => !busy && onSend()}
          >
            {busy ? 'Sending' : send}
          </button>
        )}
      </div>
    </>
  )
}

/** What it costs, the sum first. */
function CostLines({ preview }: { preview: TransactionPreview }) {
  return (
    <dl class="cost-lines">
      <div>
        <dt>Leaves your balance at most, fee included</dt>
        <dd class="figure">
          <Amount units={BigInt(preview.leaves)} />
        </dd>
      </div>
      {preview.locked === '0' ? null : (
        <div>
          <dt>of which is locked, not spent</dt>
          <dd>
            <Amount units={BigInt(preview.locked)} />
          </dd>
        </div>
      )}
      <div>
        <dt>of which is the fee</dt>
        <dd>
          <Amount units={BigInt(preview.fee)} />
        </dd>
      </div>
      {preview.balanceAfter === undefined ? null : (
        <div>
          <dt>Balance afterwards at least</dt>
          <dd>
            <Amount units={BigInt(preview.balanceAfter)} />
          </dd>
        </div>
      )}
    </dl>
  )
}

const Value = ({ text }: { text: string }) => <span class="mono break">{text}</span>

/** Fetches what the body needs, and has the vault say what it would be. */
async function prepare({
  account,
  message,
  nonce,
  coordinator,
  escrowBalance,
}: Wish): Promise<Stage> {
  const [standing, genesis] = await Promise.all([
    getJson(`/rpc/getBalance/${encodeURIComponent(account)}`, accountAnswer),
    getJson('/rpc/genesis', anything),
  ])
  if (!standing.ok) return { at: 'failed', trouble: askTrouble(standing.error) }
  if (!genesis.ok) return { at: 'failed', trouble: askTrouble(genesis.error) }
  const slot = slotNow.peek() ?? status.peek()?.slot
  if (slot === undefined) {
    const failure = { code: 'UNREACHABLE', message: 'The chain has not answered yet.' } as const
    return { at: 'failed', trouble: askTrouble(failure) }
  }
  const preview = await askVault('previewTransaction', {
    account,
    genesis: genesis.value.value,
    nonce: String(nonce ?? standing.value.value.next_nonce),
    validUntil: String(slot + lifeSlots),
    message,
    context: {
      slot: String(slot),
      balance: standing.value.value.balance.toString(),
      nextNonce: String(standing.value.value.next_nonce),
      names: ownLabels.peek(),
      coordinator,
      escrowBalance,
    },
  })
  if (!preview.ok) return { at: 'failed', trouble: vaultTrouble(preview.error) }
  return { at: 'review', preview: preview.value }
}

async function sendSigned(preview: TransactionPreview, { bytes, hash }: Signed): Promise<Stage> {
  const sent = await sendJson('/rpc/transactions', { tx: bytes }, sentAnswer)
  if (sent.ok) return { at: 'sent', preview, hash }
  // What did not answer may have arrived: its way is shown, and sending it twice would be refused.
  if (sent.error.code !== 'REFUSED') return { at: 'sent', preview, hash }
  return { at: 'review', preview, trouble: sendTrouble(sent.error) }
}
