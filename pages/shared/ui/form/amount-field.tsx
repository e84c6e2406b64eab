/** An amount of money: typed in AITBC or base units, and always shown back as what will be signed. */
import type { AmountUnit } from '../amount-text.ts'
import { groupDigits, readAmount } from '../amount-text.ts'
import { FieldFrame, type FieldProps, useField } from './field.tsx'

/** What the person typed, and in what. */
export type TypedAmount = { readonly text: string; readonly unit: AmountUnit }

type AmountFieldProps = FieldProps & { value: TypedAmount; onValue: (value: TypedAmount) => void }

const units: readonly AmountUnit[] = ['AITBC', 'base units']

export function AmountField({ value, onValue, ...props }: AmountFieldProps) {
  const { control, error } = useField(props)
  const read = readAmount(value.text, value.unit)
  const checkId = `${control.id}-check`
  const described = [control['aria-describedby'], checkId].filter((part) => part !== undefined)
  return (
    <FieldFrame {...props} id={control.id} error={error}>
      <span class="input-box">
        <input
          {...control}
          aria-describedby={described.join(' ')}
          class="input figure"
          type="text"
          inputMode="decimal"
          autocomplete="off"
          value={value.text}
          onInput={(event) => onValue({ ...value, text: event.currentTarget.value })}
        />
        <select
          class="input-unit"
          aria-label={`Unit of ${props.label}`}
          value={value.unit}
          disabled={control.disabled}
          onChange={(event) => onValue({ ...value, unit: event.currentTarget.value as AmountUnit })}
        >
          {units.map((unit) => (
            <option key={unit} value={unit}>
              {unit}
            </option>
          ))}
        </select>
      </span>
      <span class="field-check figure" id={checkId}>
        {read.ok
          ? `= ${groupDigits(read.value.toString())} base units`
          : '1 AITBC = 100,000,000 base units'}
      </span>
    </FieldFrame>
  )
}
