/**
 * Acts of an administrator: each says beforehand what it will do, asks why, and shows afterwards what became
 * of it. The reason stands in the audit log for ever.
 */
import type { ComponentChildren } from 'preact'
import { useId, useState } from 'preact/hooks'
import type { Result } from '../../core/base/result.ts'
import type { SendFailure } from '../shared/live/send.ts'
import { Modal } from '../shared/ui/dialog.tsx'
import { TextField } from '../shared/ui/form/fields.tsx'
import { Form } from '../shared/ui/form/form.tsx'
import { CloseIcon } from '../shared/ui/icon.tsx'
import type { Trouble } from '../shared/ui/trouble.tsx'
import { tellOutcome } from './outcome.tsx'

/** As the site takes it. */
const reasonCharsMax = 500

type ActProps<T> = {
  /** On the button that begins: "Suspend". */
  label: string
  /** A question that names the thing: "Suspend miner-A?". */
  title: string
  /** What happens, and whether it can be undone. */
  children: ComponentChildren
  /** The verb of the button that does it. */
  confirm: string
  isDangerous?: boolean
  /** A choice that belongs to the act. */
  fields?: ComponentChildren
  send: (reason: string) => Promise<Result<T, SendFailure>>
  /** What became of it, in a sentence. */
  told: (value: T) => string
}

/** A button, and the question behind it. */
export function Act<T>(props: ActProps<T>) {
  const { label, title, isDangerous = false } = props
  const [open, setOpen] = useState(false)
  const id = useId()
  const close = () => setOpen(false)
  return (
    <>
      <button
        type="button"
        class={isDangerous ? 'button button-small button-danger' : 'button button-small'}
        onClick={() => setOpen(true)}
      >
        {label}
      </button>
      <Modal
        alert
        open={open}
        onClose={close}
        labelledBy={`${id}-title`}
        describedBy={`${id}-text`}
        class={isDangerous ? 'dialog dialog-danger' : 'dialog'}
      >
        <div class="dialog-head">
          <h2 id={`${id}-title`} class="dialog-title">
            {title}
          </h2>
          <button type="button" class="icon-button" aria-label="Go back" onClick={close}>
            <CloseIcon />
          </button>
        </div>
        <div class="dialog-body">
          <p id={`${id}-text`}>{props.children}</p>
          <Reason {...props} onDone={close} />
        </div>
      </Modal>
    </>
  )
}

function Reason<T>(props: ActProps<T> & { onDone: () => void }) {
  const [reason, setReason] = useState('')
  const typed = reason.trim()
  const check = () => {
    if (typed === '') return [{ field: 'reason', message: 'Say why.' }]
    const isLong = [...typed].length > reasonCharsMax
    return isLong ? [{ field: 'reason', message: `At most ${reasonCharsMax} characters.` }] : []
  }
  const send = async (): Promise<Trouble | undefined> => {
    const sent = await props.send(typed)
    if (!sent.ok) return troubleOf(sent.error)
    tellOutcome(props.told(sent.value))
    props.onDone()
    return undefined
  }
  return (
    <Form
      label={props.title}
      check={check}
      onSend={send}
      send={props.confirm}
      cost="Goes into the audit log with your address"
    >
      {props.fields}
      <TextField
        name="reason"
        label="Why"
        required
        hint="One line, for whoever reads the audit log later."
        value={reason}
        onValue={setReason}
      />
    </Form>
  )
}

/** Where an answer did not arrive, nobody here knows whether it was done. */
function troubleOf({ code, message, siteCode, requestId }: SendFailure): Trouble {
  const isUnknown = code === 'UNREACHABLE' || code === 'SHAPE_UNKNOWN'
  const request = requestId === undefined ? '' : ` Request ${requestId}.`
  return {
    happened: `${message}${request}`,
    money: isUnknown ? 'It may have been done all the same.' : 'Nothing was changed.',
    remedy: isUnknown
      ? 'Look at the audit log before you try again.'
      : siteCode === 'SIGN_IN_REQUIRED'
        ? 'Sign in again.'
        : 'Go back to see how it stands now.',
  }
}
