/** Sends: whom and how much, then what would be signed, then where it stands. */
import { useState } from 'preact/hooks'
import { parseAddress } from '../../../core/crypto/address.ts'
import { readAmount } from '../../shared/ui/amount-text.ts'
import { AmountField, type TypedAmount } from '../../shared/ui/form/amount-field.tsx'
import type { Problem } from '../../shared/ui/form/context.ts'
import { TextField } from '../../shared/ui/form/fields.tsx'
import { Form } from '../../shared/ui/form/form.tsx'
import { Hash } from '../../shared/ui/hash.tsx'
import { ask, type SendPreview } from '../panel-calls.ts'
import { isShort, Preview } from './preview.tsx'
import { wordsOf } from './use-panel.ts'

type Step =
  | { readonly at: 'fill' }
  | { readonly at: 'check'; readonly preview: SendPreview }
  | { readonly at: 'sent'; readonly hash: string }

export function Send({ account, onClose }: { account: string; onClose: () => void }) {
  const [to, setTo] = useState('')
  const [amount, setAmount] = useState<TypedAmount>({ text: '', unit: 'AITBC' })
  const [step, setStep] = useState<Step>({ at: 'fill' })
  if (step.at === 'sent') {
    return (
      <section class="stack">
        <h2>Sent</h2>
        <p class="small">It is final in a few seconds. Activity shows where it stands.</p>
        <Hash value={step.hash} what="transaction hash" whole />
        <button type="button" class="button" onClick={onClose}>
          Done
        </button>
      </section>
    )
  }
  if (step.at === 'check') {
    return (
      <Check
        preview={step.preview}
        onBack={() => setStep({ at: 'fill' })}
        onSent={(hash) => setStep({ at: 'sent', hash })}
      />
    )
  }
  const check = (): Problem[] => {
    const address = parseAddress(to.trim())
    const read = readAmount(amount.text, amount.unit)
    return [
      ...(address.ok ? [] : [{ field: 'to', message: `To: ${address.error.message}.` }]),
      ...(read.ok ? [] : [{ field: 'amount', message: read.error.message }]),
      ...(read.ok && read.value === 0n
        ? [{ field: 'amount', message: 'Send more than nothing.' }]
        : []),
    ]
  }
  return (
    <section class="stack">
      <h2>Send</h2>
      <Form
        label="Send"
        send="Look at it"
        check={check}
        onSend={async () => {
          const read = readAmount(amount.text, amount.unit)
          if (!read.ok) return undefined
          try {
            const request = { account, to: to.trim(), amount: read.value.toString() }
            setStep({ at: 'check', preview: await ask('prepareSend', request) })
            return undefined
          } catch (error) {
            const remedy = 'Try again.'
            return { happened: wordsOf(error), money: 'Nothing was signed or sent.', remedy }
          }
        }}
      >
        <TextField name="to" label="To" required mono value={to} onValue={setTo} />
        <AmountField name="amount" label="Amount" required value={amount} onValue={setAmount} />
      </Form>
      <button type="button" class="text-button" onClick={onClose}>
        Go back
      </button>
    </section>
  )
}

type CheckProps = { preview: SendPreview; onBack: () => void; onSent: (hash: string) => void }

function Check({ preview, onBack, onSent }: CheckProps) {
  return (
    <section class="stack">
      <h2>Sign and send?</h2>
      <Preview preview={preview} />
      <Form
        label="Sign and send"
        send="Sign and send"
        check={() => []}
        disabled={isShort(preview) ? 'The balance is too small.' : undefined}
        onSend={async () => {
          try {
            onSent((await ask('confirmSend', { token: preview.token })).hash)
            return undefined
          } catch (error) {
            const money = 'If it was signed, Activity names it.'
            return { happened: wordsOf(error), money, remedy: 'Look there before sending again.' }
          }
        }}
      >
        {null}
      </Form>
      <button type="button" class="text-button" onClick={onBack}>
        Change it
      </button>
    </section>
  )
}
