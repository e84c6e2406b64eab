/** Fields that are chosen, not typed: check box and radio group. */
import { FieldNotes, type FieldProps, useField } from './field.tsx'

type CheckProps = FieldProps & { checked: boolean; onChecked: (checked: boolean) => void }

/** Yes or no. The label is a sentence in the words of the person who ticks it. */
export function CheckField({ checked, onChecked, ...props }: CheckProps) {
  const { control, error } = useField(props)
  return (
    <div class="field" data-invalid={error === undefined ? undefined : ''}>
      <label class="choice">
        <input
          {...control}
          type="checkbox"
          checked={checked}
          onChange={(event) => onChecked(event.currentTarget.checked)}
        />
        <span>{props.label}</span>
      </label>
      <FieldNotes id={control.id} hint={props.hint} disabled={props.disabled} error={error} />
    </div>
  )
}

export type Choice = { readonly value: string; readonly label: string; readonly hint?: string }

type RadioProps = FieldProps & {
  choices: readonly Choice[]
  value: string
  onValue: (value: string) => void
}

/** One of a few, all in view. */
export function RadioField({ choices, value, onValue, ...props }: RadioProps) {
  const { control, error } = useField(props)
  const { id } = control
  return (
    <div
      class="field"
      role="radiogroup"
      aria-labelledby={`${id}-label`}
      data-invalid={error === undefined ? undefined : ''}
      aria-describedby={control['aria-describedby']}
      aria-required={control['aria-required']}
      aria-invalid={control['aria-invalid']}
    >
      <span class="field-label" id={`${id}-label`}>
        {props.label}
        {props.required ? null : <span class="field-optional">optional</span>}
      </span>
      <FieldNotes id={id} hint={props.hint} disabled={props.disabled} error={error} />
      {choices.map((choice, index) => (
        <div class="choice-row" key={choice.value}>
          <label class="choice">
            <input
              // A problem leads to the first of them.
              id={index === 0 ? id : `${id}-${index}`}
              type="radio"
              name={id}
              value={choice.value}
              checked={choice.value === value}
              disabled={control.disabled}
              aria-describedby={choice.hint === undefined ? undefined : `${id}-${index}-hint`}
              onChange={() => onValue(choice.value)}
            />
            <span>{choice.label}</span>
          </label>
          {choice.hint === undefined ? null : (
            <span class="choice-hint" id={`${id}-${index}-hint`}>
              {choice.hint}
            </span>
          )}
        </div>
      ))}
    </div>
  )
}
