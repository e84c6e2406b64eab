/** A text before it is signed: all of it, who asks, and what to mind. */
import { useEffect, useRef, useState } from 'preact/hooks'
import { Pairs } from '../shared/ui/pairs.tsx'
import { type Trouble, TroubleNote } from '../shared/ui/trouble.tsx'
import { askVault } from '../shared/vault/client.ts'
import type { MessagePreview } from '../shared/vault/messages.ts'
import { accounts } from './chosen.ts'
import { Risks } from './risks.tsx'
import { vaultTrouble } from './trouble.ts'

type Props = {
  preview: MessagePreview
  /** The verb of the button. */
  sign: string
  onBack: () => void
  /** Goes on with the signature; returns what went wrong, or nothing. */
  onSigned: (signed: {
    readonly signature: string
    readonly publicKey: string
  }) => Promise<Trouble | undefined>
}

export function MessageReview({ preview, sign, onBack, onSigned }: Props) {
  const [busy, setBusy] = useState(false)
  const [trouble, setTrouble] = useState<Trouble>()
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => heading.current?.focus(), [])
  const name = accounts.value.find(({ address }) => address === preview.account)?.name ?? ''
  const run = async () => {
    if (busy) return
    setBusy(true)
    const signed = await askVault('signMessage', { token: preview.token })
    setTrouble(signed.ok ? await onSigned(signed.value) : vaultTrouble(signed.error))
    setBusy(false)
  }
  return (
    <section class="sign-flow" aria-label="Review and sign">
      <h2 tabIndex={-1} ref={heading}>
        Review before you sign
      </h2>
      <pre class="message-text">{preview.text}</pre>
      <Risks risks={preview.risks} />
      <Pairs
        pairs={[
          ['Asked by', <span class="mono break">{askedBy(preview.origin)}</span>],
          [
            'Signed with',
            <>
              <span class="break">{name}</span> <span class="mono break">{preview.account}</span>
            </>,
          ],
          ['Chain', <span class="mono">{preview.chainId}</span>],
        ]}
      />
      <p class="small muted">Signing costs nothing and moves no money.</p>
      {trouble ? <TroubleNote trouble={trouble} /> : null}
      <div class="form-foot">
        <button type="button" class="button" aria-disabled={busy} onClick={() => !busy && onBack()}>
          Go back
        </button>
        <button
          type="button"
          class="button button-primary"
          aria-disabled={busy || trouble !== undefined}
          onClick={() => {
            if (trouble === undefined) void run()
          }}
        >
          {busy ? 'Signing' : sign}
        </button>
      </div>
    </section>
  )
}

const askedBy = (origin: string): string => (origin === 'cli' ? 'you, by hand' : origin)
