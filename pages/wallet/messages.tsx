/** Signs a text by hand, and checks what others signed. */
import { useState } from 'preact/hooks'
import { getJson } from '../shared/live/request.ts'
import { anything } from '../shared/live/shape.ts'
import { Note } from '../shared/ui/bits.tsx'
import type { Problem } from '../shared/ui/form/context.ts'
import { TextAreaField, TextField } from '../shared/ui/form/fields.tsx'
import { Form } from '../shared/ui/form/form.tsx'
import { Hash } from '../shared/ui/hash.tsx'
import { wholeAddress } from '../shared/ui/links.tsx'
import { Pairs } from '../shared/ui/pairs.tsx'
import type { Trouble } from '../shared/ui/trouble.tsx'
import { Verdict } from '../shared/ui/verdict.tsx'
import { askVault } from '../shared/vault/client.ts'
import type { MessagePreview } from '../shared/vault/messages.ts'
import { chosen } from './chosen.ts'
import { MessageReview } from './message-review.tsx'
import { askTrouble, vaultTrouble } from './trouble.ts'

/** As the command line signs: no page asked, so no page can use it. */
const byHand = 'cli'
const textMax = 8_000

type Signed = { readonly text: string; readonly signature: string; readonly publicKey: string }

export function Messages() {
  const [preview, setPreview] = useState<MessagePreview>()
  const [text, setText] = useState('')
  const [signed, setSigned] = useState<Signed>()
  return (
    <>
      <h1 tabIndex={-1}>Messages</h1>
      <p class="wallet-lead">
        A signature proves that the holder of an account agreed to a text on this chain. It moves no
        money and is good for no sign-in.
      </p>
      {preview ? (
        <MessageReview
          preview={preview}
          sign="Sign the message"
          onBack={() => setPreview(undefined)}
          onSigned={async (found) => {
            setSigned({ text, ...found })
            setPreview(undefined)
            return undefined
          }}
        />
      ) : (
        <SignForm text={text} onText={setText} onPreview={setPreview} />
      )}
      {signed && !preview ? <SignedMessage signed={signed} /> : null}
      <h2 class="section-title">Check a signature</h2>
      <VerifyForm />
    </>
  )
}

type SignFormProps = {
  text: string
  onText: (text: string) => void
  onPreview: (preview: MessagePreview) => void
}

function SignForm({ text, onText, onPreview }: SignFormProps) {
  const prepare = async (): Promise<Trouble | undefined> => {
    const genesis = await getJson('/rpc/genesis', anything)
    if (!genesis.ok) return askTrouble(genesis.error)
    const preview = await askVault('previewMessage', {
      account: chosen.value?.address ?? '',
      genesis: genesis.value.value,
      origin: byHand,
      text,
    })
    if (!preview.ok) return vaultTrouble(preview.error)
    onPreview(preview.value)
    return undefined
  }
  return (
    <>
      <h2 class="section-title">Sign</h2>
      <Form label="Sign a message" send="Review" check={() => textProblems(text)} onSend={prepare}>
        <TextAreaField
          name="text"
          label="Message"
          required
          lengthMax={textMax}
          value={text}
          onValue={onText}
        />
      </Form>
    </>
  )
}

function SignedMessage({ signed }: { signed: Signed }) {
  return (
    <section class="signed" aria-label="Signed message">
      <h3>Signed</h3>
      <p class="small muted">
        Give these three to whoever should check it, with the text exactly as it is.
      </p>
      <Pairs
        pairs={[
          ['Text', <span class="pre break">{signed.text}</span>],
          ['Public key', <Hash value={signed.publicKey} what="public key" whole />],
          ['Signature', <Hash value={signed.signature} what="signature" whole />],
        ]}
      />
    </section>
  )
}

function VerifyForm() {
  const [text, setText] = useState('')
  const [publicKey, setPublicKey] = useState('')
  const [signature, setSignature] = useState('')
  const [found, setFound] = useState<{ holds: boolean; address: string }>()
  const change = (set: (text: string) => void) => (typed: string) => {
    setFound(undefined)
    set(typed)
  }
  const verify = async (): Promise<Trouble | undefined> => {
    const genesis = await getJson('/rpc/genesis', anything)
    if (!genesis.ok) return askTrouble(genesis.error)
    const request = { genesis: genesis.value.value, origin: byHand, text, publicKey, signature }
    const checked = await askVault('verifyMessage', request)
    if (!checked.ok) return vaultTrouble(checked.error)
    setFound(checked.value)
    return undefined
  }
  return (
    <>
      <Form
        label="Check a signature"
        send="Check"
        check={() => [...textProblems(text), ...hexProblems(publicKey, signature)]}
        onSend={verify}
      >
        <TextAreaField
          name="text"
          label="Text"
          required
          lengthMax={textMax}
          value={text}
          onValue={change(setText)}
        />
        <TextField
          name="public-key"
          label="Public key"
          required
          mono
          value={publicKey}
          onValue={change(setPublicKey)}
        />
        <TextField
          name="signature"
          label="Signature"
          required
          mono
          value={signature}
          onValue={change(setSignature)}
        />
      </Form>
      <div class="below" role="status">
        {found === undefined ? null : found.holds ? (
          <>
            <Verdict verdict={{ state: 'verified' }} of="Signature">
              This text was signed by the key of the account below, for this chain.
            </Verdict>
            <p class="below break">{wholeAddress(found.address, 'signer')}</p>
          </>
        ) : (
          <Note title="The signature does not hold" tone="bad">
            It is not of this text, this key and this chain. One changed character is enough.
          </Note>
        )}
      </div>
    </>
  )
}

function textProblems(text: string): readonly Problem[] {
  if (text === '') return [{ field: 'text', message: 'Enter a text.' }]
  return text.length > textMax
    ? [{ field: 'text', message: `Use at most ${textMax.toLocaleString('en')} characters.` }]
    : []
}

function hexProblems(publicKey: string, signature: string): readonly Problem[] {
  const problems: Problem[] = []
  if (!/^(?:0x)?[0-9a-f]{64}$/i.test(publicKey.trim())) {
    problems.push({ field: 'public-key', message: 'A public key has 64 hex digits.' })
  }
  if (!/^(?:0x)?[0-9a-f]{128}$/i.test(signature.trim())) {
    problems.push({ field: 'signature', message: 'A signature has 128 hex digits.' })
  }
  return problems
}
