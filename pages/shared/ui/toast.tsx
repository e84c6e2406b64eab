/**
 * Notices that something is done. They are spoken politely, wait while the pointer or the focus is on
 * them, and are never the only place of an error: what failed is said where it was tried.
 */
import { signal } from '@preact/signals'
import { render } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import '../styles/toast.css'
import { CloseIcon, TickIcon } from './icon.tsx'
import { afterMs, type Toast, withoutToast, withToast } from './toast-queue.ts'

const queue = signal<readonly Toast[]>([])
let lastId = 0

/** Says that something is done: "Copied the receipt". */
export function toast(text: string): void {
  region()
  lastId += 1
  const id = lastId
  // A live region must be there before what it says, or nobody hears it.
  setTimeout(() => {
    queue.value = withToast(queue.peek(), id, text)
  })
}

let mounted: HTMLElement | undefined

function region(): void {
  if (mounted?.isConnected) return
  mounted = document.createElement('div')
  document.body.append(mounted)
  render(<Toasts />, mounted)
}

const tickMs = 250

function Toasts() {
  const [held, setHeld] = useState(false)
  const shown = queue.value
  const isEmpty = shown.length === 0
  useEffect(() => {
    if (isEmpty || held) return
    const timer = setInterval(() => {
      queue.value = afterMs(queue.peek(), tickMs)
    }, tickMs)
    return () => clearInterval(timer)
  }, [isEmpty, held])
  useEffect(() => {
    if (isEmpty) setHeld(false)
  }, [isEmpty])
  return (
    <ToastList
      toasts={shown}
      onHold={setHeld}
      onDismiss={(id) => {
        queue.value = withoutToast(queue.peek(), id)
      }}
    />
  )
}

type ToastListProps = {
  toasts: readonly Toast[]
  onHold: (held: boolean) => void
  onDismiss: (id: number) => void
}

/** The notices that are there now. */
export function ToastList({ toasts, onHold, onDismiss }: ToastListProps) {
  return (
    <div
      class="toasts"
      onPointerEnter={() => onHold(true)}
      onPointerLeave={() => onHold(false)}
      onFocusIn={() => onHold(true)}
      onFocusOut={() => onHold(false)}
    >
      <div role="status">
        {toasts.map(({ id, text }) => (
          <div class="toast" key={id}>
            <TickIcon />
            <span>{text}</span>
            <button
              type="button"
              class="icon-button"
              aria-label={`Dismiss: ${text}`}
              onClick={() => onDismiss(id)}
            >
              <CloseIcon />
            </button>
          </div>
        ))}
      </div>
    </div>
  )
}
