/** A reader's own label for one value: shows it, and opens the dialog that changes it. */
import { useState } from 'preact/hooks'
import { labelLimits, ownLabels, setOwnLabel, tidyLabel } from '../shared/labels/own-labels.ts'
import { Dialog } from '../shared/ui/dialog.tsx'
import { toast } from '../shared/ui/toast.tsx'

type LabelButtonProps = {
  value: string
  /** Completes "Your label for …". */
  what: string
}

export function LabelButton({ value, what }: LabelButtonProps) {
  const [isOpen, setOpen] = useState(false)
  const label = Object.hasOwn(ownLabels.value, value) ? ownLabels.value[value] : undefined
  return (
    <span class="label-edit">
      {label === undefined ? <span class="muted">none</span> : <span class="break">{label}</span>}
      <button type="button" class="text-button" onClick={() => setOpen(true)}>
        {label === undefined ? 'Add' : 'Change'}
        <span class="visually-hidden"> your label for {what}</span>
      </button>
      <LabelDialog
        value={value}
        what={what}
        label={label ?? ''}
        open={isOpen}
        onClose={() => setOpen(false)}
      />
    </span>
  )
}

type LabelDialogProps = LabelButtonProps & { label: string; open: boolean; onClose: () => void }

/** Asks for the label of a value. */
export function LabelDialog({ value, what, label, open, onClose }: LabelDialogProps) {
  const [typed, setTyped] = useState<string>()
  const text = typed ?? label
  const close = () => {
    setTyped(undefined)
    onClose()
  }
  const save = (words: string) => {
    const isKept = setOwnLabel(value, words)
    const done = tidyLabel(words) === '' ? 'Label removed' : 'Label saved in this browser'
    toast(isKept ? done : 'Not kept: this browser has no room or does not allow it')
    close()
  }
  const formId = `label-${value.slice(-8)}`
  return (
    <Dialog
      open={open}
      title={`Your label for ${what}`}
      onClose={close}
      actions={
        <>
          {label === '' ? null : (
            <button type="button" class="button" onClick={() => save('')}>
              Remove label
            </button>
          )}
          <button type="submit" class="button button-primary" form={formId}>
            Save label
          </button>
        </>
      }
    >
      <form
        id={formId}
        onSubmit={(event) => {
          event.preventDefault()
          save(text)
        }}
      >
        <div class="field">
          <label class="field-label" for={`${formId}-text`}>
            Label
          </label>
          <span class="field-hint">
            Only you see it: it stays in this browser, and no site gets it.
          </span>
          <input
            id={`${formId}-text`}
            class="input"
            type="text"
            autocomplete="off"
            maxLength={labelLimits.labelChars}
            value={text}
            onInput={(event) => setTyped(event.currentTarget.value)}
          />
        </div>
        <p class="small break mono label-value">{value}</p>
      </form>
    </Dialog>
  )
}
