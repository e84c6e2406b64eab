/** What a form tells its fields. */
import { createContext } from 'preact'

/** What is wrong with one field. `field` is its name; the message says how to put it right. */
export type Problem = { readonly field: string; readonly message: string }

export type FormState = {
  /** Makes ids of fields unique on the page. */
  readonly id: string
  /** What is wrong now; empty before the first attempt to send. */
  readonly problems: readonly Problem[]
}

export const FormContext = createContext<FormState>({ id: 'form', problems: [] })

/** The id of a field's control. */
export const controlId = (formId: string, name: string): string => `${formId}-${name}`
