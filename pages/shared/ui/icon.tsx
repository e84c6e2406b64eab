/** Small drawings in the colour of the text. They never stand alone: a word or a label is beside them. */
import type { ComponentChildren } from 'preact'

function Drawing({ children }: { children: ComponentChildren }) {
  return (
    <svg
      class="icon"
      viewBox="0 0 16 16"
      width="16"
      height="16"
      fill="none"
      stroke="currentColor"
      stroke-width="1.5"
      stroke-linecap="round"
      stroke-linejoin="round"
      aria-hidden="true"
      focusable="false"
    >
      {children}
    </svg>
  )
}

export const CopyIcon = () => (
  <Drawing>
    <rect x="5.75" y="5.75" width="7.5" height="7.5" rx="1" />
    <path d="M10.25 3.25V2.5h-7.5V10h.75" />
  </Drawing>
)

export const TickIcon = () => (
  <Drawing>
    <path d="m3 8.5 3.25 3.25L13 4.75" />
  </Drawing>
)

export const PauseIcon = () => (
  <Drawing>
    <path d="M5.75 3.5v9M10.25 3.5v9" />
  </Drawing>
)

export const PlayIcon = () => (
  <Drawing>
    <path d="M5 3.25 12 8l-7 4.75z" />
  </Drawing>
)

/** Filled disc with a tick: final, verified, working. */
export const GoodShape = () => (
  <Drawing>
    <circle cx="8" cy="8" r="6" />
    <path d="m5.4 8.2 1.8 1.8 3.4-3.7" />
  </Drawing>
)

/** Hollow square: there, but not settled. */
export const WaitingShape = () => (
  <Drawing>
    <rect x="3" y="3" width="10" height="10" rx="1" stroke-dasharray="2.5 2" />
  </Drawing>
)

/** Cross: failed. */
export const BadShape = () => (
  <Drawing>
    <path d="m4 4 8 8M12 4l-8 8" />
  </Drawing>
)

/** Triangle: works, but mind something. */
export const CautionShape = () => (
  <Drawing>
    <path d="M8 2.75 14 13H2zM8 6.75v2.75M8 11.4v.1" />
  </Drawing>
)
