/** Label, hint, error and control of one field, tied together for every reader. */
import type { ComponentChildren } from 'preact'
import { useContext } from 'preact/hooks'
import { BadShape } from '../icon.tsx'
import { controlId, FormContext } from './context.ts'

/** What every field has. */
export type FieldProps = {
  /** Unique in its form; problems name it. */
  name: string
  label: string
  hint?: ComponentChildren
  /** Takes the place of what the form's check says. */
  error?: string | undefined
  required?: boolean
  /** Why it cannot be filled in now; undefined when it can. */
  disabled?: string | undefined
}

/** Attributes for the control. */
export type ControlProps = {
  id: string
  name: string
  'aria-describedby': string | undefined
  'aria-invalid': boolean | undefined
  'aria-required': boolean | undefined
  disabled: boolean
}

/** What the control of a field needs, and the error to show beside it. */
export function useField(props: FieldProps): { control: ControlProps; error: string | undefined } {
  const form = useContext(FormContext)
  const id = controlId(form.id, props.name)
  const found = form.problems.find(({ field }) => field === props.name)?.message
  const error = props.error ?? found
  const described = [
    error === undefined ? undefined : `${id}-error`,
    props.hint === undefined ? undefined : `${id}-hint`,
    props.disabled === undefined ? undefined : `${id}-why`,
  ].filter((part) => part !== undefined)
  return {
    error,
    control: {
      id,
      name: props.name,
      'aria-describedby': described.length === 0 ? undefined : described.join(' '),
      'aria-invalid': error === undefined ? undefined : true,
      'aria-required': props.required ? true : undefined,
      disabled: props.disabled !== undefined,
    },
  }
}

type FrameProps = FieldProps & {
  id: string
  error: string | undefined
  children: ComponentChildren
}

/** A field with one control. */
export function FieldFrame({ id, label, required, children, ...rest }: FrameProps) {
  return (
    <div class="field" data-invalid={rest.error === undefined ? undefined : ''}>
      <label class="field-label" for={id}>
        {label}
        {required ? null : <span class="field-optional">optional</span>}
      </label>
      <FieldNotes id={id} {...rest} />
      {children}
    </div>
  )
}

type NotesProps = Pick<FieldProps, 'hint' | 'disabled'> & { id: string; error: string | undefined }

/** Hint, reason and error; the ids are those that `useField` names. */
export function FieldNotes({ id, hint, disabled, error }: NotesProps) {
  return (
    <>
      {hint === undefined ? null : (
        <span class="field-hint" id={`${id}-hint`}>
          {hint}
        </span>
      )}
      {disabled === undefined ? null : (
        <span class="field-hint" id={`${id}-why`}>
          {disabled}
        </span>
      )}
      {error === undefined ? null : (
        <span class="field-error" id={`${id}-error`}>
          <BadShape />
          {error}
        </span>
      )}
    </>
  )
}
