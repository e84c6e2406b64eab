/** Forms that lock money for jobs: a new escrow, or more in one that is open. */
import { useState } from 'preact/hooks'
import { slotNow } from '../shared/live/chain.ts'
import { useResource } from '../shared/live/resource.ts'
import { readAmount } from '../shared/ui/amount-text.ts'
import { AmountField, type TypedAmount } from '../shared/ui/form/amount-field.tsx'
import type { Problem } from '../shared/ui/form/context.ts'
import { SelectField } from '../shared/ui/form/fields.tsx'
import { Form } from '../shared/ui/form/form.tsx'
import type { Wish } from './sign-flow.tsx'
import { siteAnswer } from './wire.ts'

const empty: TypedAmount = { text: '', unit: 'AITBC' }

/** Slots of 2 s in a day. */
const slotsPerDay = 43_200

type OpenProps = { account: string; onWish: (wish: Wish) => void }

export function OpenEscrowForm({ account, onWish }: OpenProps) {
  const [amount, setAmount] = useState(empty)
  const [days, setDays] = useState('30')
  const site = useResource('/api/v1/site', siteAnswer)
  const coordinator = site.phase === 'ready' ? site.value.coordinator : undefined
  const slot = slotNow.value
  return (
    <Form
      label="Open an escrow"
      send="Review"
      check={() => amountProblems('amount', amount)}
      disabled={
        coordinator === undefined || slot === undefined
          ? 'The site has not said yet who its coordinator is.'
          : undefined
      }
      onSend={async () => {
        const units = readAmount(amount.text, amount.unit)
        if (!units.ok || coordinator === undefined || slot === undefined) return undefined
        const expiry = String(slot + Number(days) * slotsPerDay)
        const locked = units.value.toString()
        const message = { kind: 'escrow_open', coordinator, amount: locked, expiry } as const
        onWish({ account, coordinator, message })
        return undefined
      }}
      cost="Locked, not spent: closing brings back what is left"
    >
      <AmountField
        name="amount"
        label="Amount to lock"
        required
        value={amount}
        onValue={setAmount}
      />
      <SelectField
        name="days"
        label="Open for"
        required
        value={days}
        options={[
          { value: '7', label: '7 days' },
          { value: '30', label: '30 days' },
          { value: '90', label: '90 days' },
        ]}
        onValue={setDays}
      />
    </Form>
  )
}

type TopUpProps = { escrow: string; account: string; onWish: (wish: Wish) => void }

export function TopUpForm({ escrow, account, onWish }: TopUpProps) {
  const [amount, setAmount] = useState(empty)
  return (
    <div class="top-up">
      <Form
        label="Top up the escrow"
        send="Review"
        check={() => amountProblems('top-up', amount)}
        onSend={async () => {
          const units = readAmount(amount.text, amount.unit)
          if (!units.ok) return undefined
          const message = {
            kind: 'escrow_top_up',
            escrow,
            amount: units.value.toString(),
          } as const
          onWish({ account, message })
          return undefined
        }}
      >
        <AmountField
          name="top-up"
          label="Amount to add"
          required
          value={amount}
          onValue={setAmount}
        />
      </Form>
    </div>
  )
}

function amountProblems(field: string, { text, unit }: TypedAmount): readonly Problem[] {
  const units = readAmount(text, unit)
  if (!units.ok) return [{ field, message: units.error.message }]
  return units.value === 0n ? [{ field, message: 'Enter more than zero.' }] : []
}
