/** Sends money: what is typed, what would be signed, what became of it. */

import { useState } from 'preact/hooks'
import { parseAddress } from '../../core/crypto/address.ts'
import { ownLabels } from '../shared/labels/own-labels.ts'
import { query } from '../shared/list/url-state.ts'
import { Amount } from '../shared/ui/amount.tsx'
import { readAmount } from '../shared/ui/amount-text.ts'
import { AmountField, type TypedAmount } from '../shared/ui/form/amount-field.tsx'
import type { Problem } from '../shared/ui/form/context.ts'
import { TextField } from '../shared/ui/form/fields.tsx'
import { Form } from '../shared/ui/form/form.tsx'
import { useAccount } from './account.ts'
import { chosen } from './chosen.ts'
import { contactsOf } from './contact-list.ts'
import { SignFlow, type Wish } from './sign-flow.tsx'

export function Send() {
  const account = chosen.value?.address ?? ''
  const [to, setTo] = useState(query('to'))
  const [amount, setAmount] = useState<TypedAmount>({ text: '', unit: 'AITBC' })
  const [wish, setWish] = useState<Wish>()
  if (wish) {
    return (
      <>
        <h1 tabIndex={-1}>Send</h1>
        <SignFlow
          wish={wish}
          onBack={() => setWish(undefined)}
          onDone={() => {
            setTo('')
            setAmount({ text: '', unit: 'AITBC' })
            setWish(undefined)
          }}
        />
      </>
    )
  }
  return (
    <>
      <h1 tabIndex={-1}>Send</h1>
      <SendForm
        account={account}
        to={to}
        onTo={setTo}
        amount={amount}
        onAmount={setAmount}
        onWish={setWish}
      />
    </>
  )
}

type SendFormProps = {
  account: string
  to: string
  onTo: (text: string) => void
  amount: TypedAmount
  onAmount: (amount: TypedAmount) => void
  onWish: (wish: Wish) => void
}

function SendForm({ account, to, onTo, amount, onAmount, onWish }: SendFormProps) {
  const standing = useAccount(account)
  const balance = standing.phase === 'ready' ? standing.value.balance : undefined
  const contacts = contactsOf(ownLabels.value)
  const check = (): readonly Problem[] => {
    const problems: Problem[] = []
    const address = parseAddress(to.trim())
    if (!address.ok) problems.push({ field: 'to', message: recipientFault(to, address.error.code) })
    const units = readAmount(amount.text, amount.unit)
    if (!units.ok) problems.push({ field: 'amount', message: units.error.message })
    else if (units.value === 0n) {
      problems.push({ field: 'amount', message: 'Enter more than zero.' })
    } else if (balance !== undefined && units.value > balance) {
      problems.push({ field: 'amount', message: 'This is more than the account holds.' })
    }
    return problems
  }
  return (
    <Form
      label="Send"
      send="Review"
      check={check}
      onSend={async () => {
        const units = readAmount(amount.text, amount.unit)
        if (!units.ok) return undefined
        const message = { kind: 'transfer', to: to.trim(), amount: units.value.toString() } as const
        onWish({ account, message })
        return undefined
      }}
      cost={
        balance === undefined ? undefined : (
          <>
            You have <Amount units={balance} />
          </>
        )
      }
    >
      <TextField
        name="to"
        label="To"
        required
        mono
        hint="An address of this network: aitbc1…"
        value={to}
        maxLength={200}
        onValue={onTo}
      />
      {contacts.length === 0 ? null : (
        <div class="field">
          <label class="field-label" for="contact">
            Or from your address book
          </label>
          <select
            id="contact"
            class="input"
            value={contacts.some(({ address }) => address === to.trim()) ? to.trim() : ''}
            onChange={(event) => onTo(event.currentTarget.value)}
          >
            <option value="">Choose a name</option>
            {contacts.map(({ address, name }) => (
              <option key={address} value={address}>
                {name} ({address.slice(0, 10)}…{address.slice(-6)})
              </option>
            ))}
          </select>
        </div>
      )}
      <AmountField name="amount" label="Amount" required value={amount} onValue={onAmount} />
    </Form>
  )
}

function recipientFault(typed: string, code: string): string {
  if (typed.trim() === '') return 'Enter an address.'
  return code === 'ADDRESS_LEGACY'
    ? 'This is an address of the original network: money sent there could not be claimed here.'
    : 'No address: a character is wrong or missing.'
}
