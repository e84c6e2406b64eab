/**
 * Dialogs on the native element: named by their heading, the page behind inert, Escape closes, and the
 * focus goes back to where it came from.
 */
import type { ComponentChildren } from 'preact'
import { useEffect, useId, useLayoutEffect, useRef, useState } from 'preact/hooks'
import '../styles/dialog.css'
import { CloseIcon } from './icon.tsx'
import type { Trouble } from './trouble.tsx'
import { TroubleNote } from './trouble.tsx'

type ModalProps = {
  open: boolean
  onClose: () => void
  /** Id of the element that names it, or `label`, its name. */
  labelledBy?: string
  label?: string
  describedBy?: string
  class?: string
  /** Whether a press beside it closes it, as where nothing can be lost. */
  dismissable?: boolean
  /** For what needs an answer before anything else. */
  alert?: boolean
  children: ComponentChildren
}

/** A modal box without looks of its own: what dialogs and the command palette have in common. */
export function Modal(props: ModalProps) {
  const { open, onClose, dismissable = false } = props
  const box = useRef<HTMLDialogElement>(null)
  // Before the next paint, so that whoever closes it may then place the focus elsewhere.
  useLayoutEffect(() => {
    const dialog = box.current
    if (!open || !dialog) return
    const before = document.activeElement
    dialog.showModal()
    return () => {
      dialog.close()
      // The browser gives the focus back only while the dialog is still in the page.
      if (before instanceof HTMLElement && before.isConnected) before.focus()
    }
  }, [open])
  return (
    <dialog
      ref={box}
      class={props.class}
      role={props.alert ? 'alertdialog' : undefined}
      aria-label={props.label}
      aria-labelledby={props.labelledBy}
      aria-describedby={props.describedBy}
      onCancel={(event) => {
        event.preventDefault()
        onClose()
      }}
      onKeyDown={keepFocusInside}
      onClick={(event) => {
        if (dismissable && event.target === box.current) onClose()
      }}
    >
      {open ? props.children : null}
    </dialog>
  )
}

const focusable =
  'a[href], button:not([disabled]), input:not([disabled]), select:not([disabled]), textarea:not([disabled]), summary, [tabindex="0"]'

// The browser would go on to its own buttons after the last stop; readers expect to come round.
function keepFocusInside(event: KeyboardEvent): void {
  if (event.key !== 'Tab') return
  const box = event.currentTarget as HTMLElement
  const stops = [...box.querySelectorAll<HTMLElement>(focusable)].filter(
    (stop) => stop.tabIndex >= 0 && stop.getClientRects().length > 0,
  )
  const [first, last] = [stops[0], stops.at(-1)]
  const leaves = document.activeElement === (event.shiftKey ? first : last)
  if (!first || !last || !leaves) return
  event.preventDefault()
  ;(event.shiftKey ? last : first).focus()
}

type DialogProps = {
  open: boolean
  title: string
  onClose: () => void
  children: ComponentChildren
  /** Buttons, the main one last. Without them the cross is the only way out. */
  actions?: ComponentChildren
}

/** A box over the page for something short that belongs to it. */
export function Dialog({ open, title, onClose, children, actions }: DialogProps) {
  const id = useId()
  return (
    <Modal open={open} onClose={onClose} labelledBy={id} class="dialog" dismissable>
      <div class="dialog-head">
        <h2 id={id} class="dialog-title">
          {title}
        </h2>
        <button type="button" class="icon-button" aria-label="Close" onClick={onClose}>
          <CloseIcon />
        </button>
      </div>
      <div class="dialog-body">{children}</div>
      {actions === undefined ? null : <div class="dialog-actions">{actions}</div>}
    </Modal>
  )
}

type ConfirmProps = {
  open: boolean
  /** A question that names the thing: "Close escrow 7?". */
  title: string
  /** What happens, and whether it can be undone. */
  children: ComponentChildren
  /** What it costs or frees, drawn beside the buttons. */
  cost: ComponentChildren
  /** The verb of the button: "Close escrow". */
  confirm: string
  /** Does it. Returns what went wrong, or nothing; the dialog then closes. */
  onConfirm: () => Promise<Trouble | undefined>
  onClose: () => void
}

/** Asks before something that is dangerous or costs money; the focus starts on the way back. */
export function ConfirmDialog(props: ConfirmProps) {
  const { open, title, onClose } = props
  const id = useId()
  const [busy, setBusy] = useState(false)
  const [trouble, setTrouble] = useState<Trouble>()
  useEffect(() => setTrouble(undefined), [open])
  const run = async () => {
    if (busy) return
    setBusy(true)
    const found = await props.onConfirm()
    setBusy(false)
    setTrouble(found)
    if (!found) onClose()
  }
  const close = () => {
    if (!busy) onClose()
  }
  return (
    <Modal
      alert
      open={open}
      onClose={close}
      labelledBy={`${id}-title`}
      describedBy={`${id}-text`}
      class="dialog dialog-danger"
    >
      <div class="dialog-head">
        <h2 id={`${id}-title`} class="dialog-title">
          {title}
        </h2>
      </div>
      <div class="dialog-body" id={`${id}-text`}>
        {props.children}
      </div>
      {trouble ? <TroubleNote trouble={trouble} /> : null}
      <div class="dialog-actions">
        <span class="cost">{props.cost}</span>
        <button type="button" class="button" aria-disabled={busy} onClick={close}>
          Go back
        </button>
        <button
          type="button"
          class="button button-danger"
          aria-disabled={busy}
          onClick={() => void run()}
        >
          {busy ? 'Working' : props.confirm}
        </button>
      </div>
    </Modal>
  )
}
