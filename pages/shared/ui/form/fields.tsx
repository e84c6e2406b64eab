/** Fields with one control: text, several lines, choice from a list, password, file. */
import type { InputHTMLAttributes, TargetedInputEvent } from 'preact'
import { useState } from 'preact/hooks'
import { FieldFrame, type FieldProps, useField } from './field.tsx'

type Valued = { value: string; onValue: (value: string) => void }

type TextFieldProps = FieldProps &
  Valued & {
    /** For what is compared character by character: hashes, addresses, keys. */
    mono?: boolean
    autoComplete?: InputHTMLAttributes['autocomplete']
    maxLength?: number
  }

export function TextField({ value, onValue, ...props }: TextFieldProps) {
  const { control, error } = useField(props)
  return (
    <FieldFrame {...props} id={control.id} error={error}>
      <input
        {...control}
        class={props.mono ? 'input mono' : 'input'}
        type="text"
        autocomplete={props.autoComplete ?? 'off'}
        spellcheck={props.mono ? false : undefined}
        maxLength={props.maxLength}
        value={value}
        onInput={(event) => onValue(event.currentTarget.value)}
      />
    </FieldFrame>
  )
}

type NumberFieldProps = FieldProps &
  Valued & { /** Stands behind the digits: "seconds". */ unit: string }

/** A whole number with its unit. The caller reads the digits: what is typed stays what was typed. */
export function NumberField({ value, onValue, unit, ...props }: NumberFieldProps) {
  const { control, error } = useField(props)
  return (
    <FieldFrame {...props} id={control.id} error={error}>
      <span class="input-box">
        <input
          {...control}
          class="input figure"
          type="text"
          inputMode="numeric"
          autocomplete="off"
          value={value}
          onInput={(event) => onValue(event.currentTarget.value)}
        />
        <span class="input-unit">{unit}</span>
      </span>
    </FieldFrame>
  )
}

type TextAreaProps = FieldProps & Valued & { rows?: number; lengthMax: number }

/** Several lines, with the count of what is left near the limit. */
export function TextAreaField({ value, onValue, rows = 4, lengthMax, ...props }: TextAreaProps) {
  const { control, error } = useField(props)
  return (
    <FieldFrame {...props} id={control.id} error={error}>
      <textarea
        {...control}
        class="input"
        rows={rows}
        value={value}
        onInput={(event) => onValue(event.currentTarget.value)}
      />
      <span class="field-count figure" data-over={value.length > lengthMax ? '' : undefined}>
        {value.length.toLocaleString('en')} of {lengthMax.toLocaleString('en')} characters
      </span>
    </FieldFrame>
  )
}

export type Option = { readonly value: string; readonly label: string }

type SelectProps = FieldProps & Valued & { options: readonly Option[] }

/** One of a list. A first option with an empty value asks for the choice. */
export function SelectField({ value, onValue, options, ...props }: SelectProps) {
  const { control, error } = useField(props)
  return (
    <FieldFrame {...props} id={control.id} error={error}>
      <select
        {...control}
        class="input"
        value={value}
        onChange={(event) => onValue(event.currentTarget.value)}
      >
        {options.map((option) => (
          <option key={option.value} value={option.value}>
            {option.label}
          </option>
        ))}
      </select>
    </FieldFrame>
  )
}

type PasswordProps = FieldProps & Valued & { autoComplete: 'current-password' | 'new-password' }

/** A secret that the person may look at. */
export function PasswordField({ value, onValue, ...props }: PasswordProps) {
  const { control, error } = useField(props)
  const [shown, setShown] = useState(false)
  const input = {
    ...control,
    class: 'input mono',
    autocomplete: props.autoComplete,
    spellcheck: false,
    value,
    onInput: (event: TargetedInputEvent<HTMLInputElement>) => onValue(event.currentTarget.value),
  }
  return (
    <FieldFrame {...props} id={control.id} error={error}>
      <span class="input-box">
        {shown ? <input {...input} type="text" /> : <input {...input} type="password" />}
        <button
          type="button"
          class="input-button"
          aria-pressed={shown}
          disabled={control.disabled}
          onClick={() => setShown(!shown)}
        >
          Show<span class="visually-hidden"> {props.label}</span>
        </button>
      </span>
    </FieldFrame>
  )
}

type FileProps = FieldProps & {
  /** Endings or media types: ".json,application/json". */
  accept: string
  onFile: (file: File | undefined) => void
}

export function FileField({ accept, onFile, ...props }: FileProps) {
  const { control, error } = useField(props)
  return (
    <FieldFrame {...props} id={control.id} error={error}>
      <input
        {...control}
        class="input input-file"
        type="file"
        accept={accept}
        onChange={(event) => onFile(event.currentTarget.files?.[0])}
      />
    </FieldFrame>
  )
}
