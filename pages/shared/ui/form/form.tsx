/**
 * A form that checks itself when it is sent, lists what is wrong where the focus goes, and keeps the cost
 * beside the button.
 */
import type { ComponentChildren } from 'preact'
import { useEffect, useId, useRef, useState } from 'preact/hooks'
import '../../styles/form.css'
import { TickIcon } from '../icon.tsx'
import { type Trouble, TroubleNote } from '../trouble.tsx'
import { controlId, FormContext, type Problem } from './context.ts'

type FormProps = {
  /** Names the form: "Open an escrow". */
  label: string
  /** What is wrong with what is typed now; empty when it can be sent. */
  check: () => readonly Problem[]
  /** Sends it. Returns what went wrong, or nothing. */
  onSend: () => Promise<Trouble | undefined>
  /** The verb of the button. */
  send: string
  /** What pressing the button costs; always in view. */
  cost?: ComponentChildren
  /** Why it cannot be sent now; undefined when it can. */
  disabled?: string | undefined
  children: ComponentChildren
}

export function Form(props: FormProps) {
  const id = useId()
  const [attempt, setAttempt] = useState(0)
  const [listed, setListed] = useState<readonly Problem[]>([])
  const [busy, setBusy] = useState(false)
  const [trouble, setTrouble] = useState<Trouble>()
  const problems = attempt === 0 ? [] : props.check()
  const send = async () => {
    if (busy || props.disabled !== undefined) return
    const found = props.check()
    setListed(found)
    setTrouble(undefined)
    setAttempt(attempt + 1)
    if (found.length > 0) return
    setBusy(true)
    setTrouble(await props.onSend())
    setBusy(false)
    setAttempt(0)
  }
  return (
    <FormContext.Provider value={{ id, problems }}>
      <form
        class="form"
        aria-label={props.label}
        noValidate
        onSubmit={(event) => {
          event.preventDefault()
          void send()
        }}
      >
        <Summary formId={id} listed={listed} problems={problems} attempt={attempt} />
        {props.children}
        {trouble ? <TroubleNote trouble={trouble} /> : null}
        <div class="form-foot">
          {props.cost === undefined ? null : <span class="cost">{props.cost}</span>}
          <button
            type="submit"
            class="button button-primary"
            aria-disabled={busy || props.disabled !== undefined}
            aria-describedby={props.disabled === undefined ? undefined : `${id}-why`}
          >
            {busy ? 'Sending' : props.send}
          </button>
          {props.disabled === undefined ? null : (
            <span class="field-hint" id={`${id}-why`}>
              {props.disabled}
            </span>
          )}
        </div>
      </form>
    </FormContext.Provider>
  )
}

type SummaryProps = {
  formId: string
  /** What was wrong at the last attempt; what is put right since is ticked off. */
  listed: readonly Problem[]
  problems: readonly Problem[]
  attempt: number
}

function Summary({ formId, listed, problems, attempt }: SummaryProps) {
  const box = useRef<HTMLElement>(null)
  useEffect(() => {
    if (listed.length > 0) box.current?.focus()
  }, [attempt])
  if (listed.length === 0) return null
  const isOpen = ({ field }: Problem) => problems.some((problem) => problem.field === field)
  const go = (event: Event, field: string) => {
    event.preventDefault()
    document.getElementById(controlId(formId, field))?.focus()
  }
  return (
    <section class="note note-failed" ref={box} tabIndex={-1} aria-labelledby={`${formId}-s`}>
      <strong id={`${formId}-s`}>
        Not sent: {listed.length === 1 ? 'one field needs' : `${listed.length} fields need`} another
        look
      </strong>
      <ul class="problems">
        {listed.map((problem) => (
          <li key={problem.field}>
            {isOpen(problem) ? (
              <a
                href={`#${controlId(formId, problem.field)}`}
                onClick={(event) => go(event, problem.field)}
              >
                {problem.message}
              </a>
            ) : (
              <span class="problem-solved">
                <TickIcon />
                {problem.message} Done.
              </span>
            )}
          </li>
        ))}
      </ul>
    </section>
  )
}
