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

/** Solid disc with a tick: checked here, and it holds. The tick is drawn once. */
export const VerifiedShape = () => (
  <Drawing>
    <circle cx="8" cy="8" r="6.5" fill="currentColor" />
    <path class="proof-tick" d="m5.2 8.2 2 2 3.6-4" pathLength="1" />
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

/** Cross of a button that closes or removes. */
export const CloseIcon = () => (
  <Drawing>
    <path d="m4 4 8 8M12 4l-8 8" />
  </Drawing>
)

export const SearchIcon = () => (
  <Drawing>
    <circle cx="7" cy="7" r="4.25" />
    <path d="m10.25 10.25 3.25 3.25" />
  </Drawing>
)

export const ChevronIcon = () => (
  <Drawing>
    <path d="m6 3.5 4.5 4.5L6 12.5" />
  </Drawing>
)

/** A look-up, a page, a passage of the docs and an action, for lists that mix them. */
export const PageIcon = () => (
  <Drawing>
    <path d="M3.75 1.75h5.5l3 3v9.5h-8.5zM9 2v3h3" />
  </Drawing>
)

export const BlockIcon = () => (
  <Drawing>
    <path d="m8 1.75 5.25 3v6.5L8 14.25l-5.25-3v-6.5zM2.75 4.75 8 7.75l5.25-3M8 7.75v6.5" />
  </Drawing>
)

export const ActionIcon = () => (
  <Drawing>
    <path d="M8.75 1.75 3.5 9h4l-.25 5.25L12.5 7h-4z" />
  </Drawing>
)

export const RecentIcon = () => (
  <Drawing>
    <circle cx="8" cy="8" r="6" />
    <path d="M8 4.5V8l2.25 1.5" />
  </Drawing>
)

/** Filled where the thing is a favourite. */
export const StarIcon = ({ filled = false }: { filled?: boolean }) => (
  <Drawing>
    <path
      d="m8 1.9 1.9 3.85 4.25.6-3.1 3 .75 4.25L8 11.6l-3.8 2 .75-4.25-3.1-3 4.25-.6z"
      fill={filled ? 'currentColor' : 'none'}
    />
  </Drawing>
)
