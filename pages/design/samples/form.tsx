import { useState } from 'preact/hooks'
import { amountWords, readAmount } from '../../shared/ui/amount-text.ts'
import { AmountField, type TypedAmount } from '../../shared/ui/form/amount-field.tsx'
import { CheckField } from '../../shared/ui/form/choices.tsx'
import type { Problem } from '../../shared/ui/form/context.ts'
import { TextField } from '../../shared/ui/form/fields.tsx'
import { Form } from '../../shared/ui/form/form.tsx'
import { toast } from '../../shared/ui/toast.tsx'

export function FormSample() {
  const [to, setTo] = useState('')
  const [amount, setAmount] = useState<TypedAmount>({ text: '', unit: 'AITBC' })
  const [sure, setSure] = useState(false)
  const read = readAmount(amount.text, amount.unit)
  const check = (): Problem[] => [
    ...(to.startsWith('aitbc1')
      ? []
      : [{ field: 'to', message: 'The address begins with aitbc1. Copy it whole.' }]),
    ...(read.ok ? [] : [{ field: 'amount', message: read.error.message }]),
    ...(sure ? [] : [{ field: 'sure', message: 'Say that you compared the address.' }]),
  ]
  return (
    <Form
      label="Send a payment (example, sends nothing)"
      check={check}
      onSend={async () => {
        toast('The example form was right, and nothing was sent')
        return undefined
      }}
      send="Send payment"
      cost={read.ok ? <>Leaves your account: {amountWords(read.value)}</> : 'Costs what you enter'}
    >
      <TextField name="to" label="To" mono required value={to} onValue={setTo} />
      <AmountField name="amount" label="Amount" required value={amount} onValue={setAmount} />
      <CheckField
        name="sure"
        label="I compared the address with where I had it from"
        required
        checked={sure}
        onChecked={setSure}
      />
    </Form>
  )
}
