/**
 * A button and the panel that it opens: the browser's own popover, so that Escape and a click elsewhere
 * close it and the focus goes back to the button. On a phone it lies at the foot of the screen.
 */
import type { ComponentChildren } from 'preact'
import { useRef } from 'preact/hooks'

type PopoverProps = {
  /** Unique on the page. */
  id: string
  label: string
  /** Said after the label to screen readers. */
  of: string
  children: ComponentChildren
}

const gapPx = 4

export function Popover({ id, label, of, children }: PopoverProps) {
  const button = useRef<HTMLButtonElement>(null)
  const panel = useRef<HTMLDivElement>(null)
  const place = () => {
    if (!button.current || !panel.current) return
    const { bottom, right } = button.current.getBoundingClientRect()
    // Set from script: the page's policy allows no style attribute, and needs none.
    const { style } = panel.current
    style.setProperty('--popover-top', `${bottom + window.scrollY + gapPx}px`)
    style.setProperty('--popover-end', `${document.documentElement.clientWidth - right}px`)
  }
  return (
    <>
      <button
        ref={button}
        type="button"
        class="button button-small"
        popovertarget={id}
        aria-haspopup="dialog"
      >
        {label}
        <span class="visually-hidden"> of {of}</span>
      </button>
      <div
        ref={panel}
        id={id}
        popover="auto"
        role="dialog"
        aria-label={`${label} of ${of}`}
        class="popover"
        onBeforeToggle={place}
      >
        {children}
      </div>
    </>
  )
}
