/** A new key: its name, what it may do, how much it may spend, until when. */

import { useState } from 'preact/hooks'
import { dayMs } from '../../core/base/time.ts'
import { keyWithSecret } from '../shared/account-wire.ts'
import { sendJson } from '../shared/live/send.ts'
import type { ShapeOf } from '../shared/live/shape.ts'
import { readAmount } from '../shared/ui/amount-text.ts'
import { AmountField, type TypedAmount } from '../shared/ui/form/amount-field.tsx'
import { CheckField } from '../shared/ui/form/choices.tsx'
import type { Problem } from '../shared/ui/form/context.ts'
import { SelectField, TextField } from '../shared/ui/form/fields.tsx'
import { Form } from '../shared/ui/form/form.tsx'
import { scopeWords } from './key-words.tsx'

const clientScopes = ['jobs:read', 'jobs:submit', 'market'] as const

type NewKeyProps = { onMade: (made: ShapeOf<typeof keyWithSecret>) => void }

export function NewKey({ onMade }: NewKeyProps) {
  const [name, setName] = useState('')
  const [scopes, setScopes] = useState<readonly string[]>(['jobs:read', 'jobs:submit'])
  const [budget, setBudget] = useState<TypedAmount>({ text: '', unit: 'AITBC' })
  const [days, setDays] = useState('90')
  const units = budget.text.trim() === '' ? undefined : readAmount(budget.text, budget.unit)
  const check = (): readonly Problem[] => {
    const problems: Problem[] = []
    const trimmed = name.trim()
    if (trimmed === '') problems.push({ field: 'name', message: 'Give the key a name.' })
    else if (trimmed.length > 64) problems.push({ field: 'name', message: 'The name is too long.' })
    if (scopes.length === 0)
      problems.push({ field: 'jobs:read', message: 'Choose what it may do.' })
    if (units && !units.ok) problems.push({ field: 'budget', message: units.error.message })
    return problems
  }
  return (
    <Form
      label="New key"
      send="Create the key"
      cost="Its secret is shown once"
      check={check}
      onSend={async () => {
        const sent = await sendJson(
          '/api/v1/account/keys',
          {
            name: name.trim(),
            scopes,
            ...(units?.ok ? { budget: units.value.toString() } : {}),
            ...(days === '' ? {} : { expires_at: endAfter(Number(days)) }),
          },
          keyWithSecret,
        )
        if (sent.ok) {
          setName('')
          onMade(sent.value)
          return undefined
        }
        return {
          happened: sent.error.message,
          money: 'A key costs nothing.',
          remedy:
            sent.error.code === 'REFUSED'
              ? 'Change what is wrong and try again.'
              : 'Look in the list whether it was made: its secret is lost then, so revoke it.',
        }
      }}
    >
      <TextField
        name="name"
        label="Name"
        required
        hint="For you: where you use it."
        value={name}
        maxLength={64}
        onValue={setName}
      />
      <fieldset class="scopes">
        <legend class="field-label">It may</legend>
        {clientScopes.map((scope) => (
          <CheckField
            key={scope}
            name={scope}
            label={scopeWords[scope] ?? scope}
            checked={scopes.includes(scope)}
            onChecked={(isOn) =>
              setScopes(isOn ? [...scopes, scope] : scopes.filter((each) => each !== scope))
            }
          />
        ))}
      </fieldset>
      <AmountField
        name="budget"
        label="It may ever spend"
        hint="Empty: as much as you lock for it."
        value={budget}
        onValue={setBudget}
      />
      <SelectField
        name="days"
        label="It ends"
        required
        value={days}
        options={[
          { value: '30', label: 'after 30 days' },
          { value: '90', label: 'after 90 days' },
          { value: '365', label: 'after a year' },
          { value: '', label: 'never' },
        ]}
        onValue={setDays}
      />
    </Form>
  )
}

/** To the second, as the site reads it. */
const endAfter = (days: number): string =>
  `${new Date(Date.now() + days * dayMs).toISOString().slice(0, 19)}Z`
