/** Short notices that something is done, one after the other. Pure: who shows them holds the clock. */

/** `leftMs`: how much longer it stays, counted only while nobody holds it. */
export type Toast = { readonly id: number; readonly text: string; readonly leftMs: number }

export const toastLimits = {
  /** More would hide the page; the oldest goes first. */
  shownMax: 3,
  textMax: 160,
  /** Long enough to read twice. */
  stayMs: 8_000,
} as const

/** Adds a notice. One that is still there is not said twice: it stays longer. */
export function withToast(queue: readonly Toast[], id: number, text: string): readonly Toast[] {
  const bounded =
    text.length > toastLimits.textMax ? `${text.slice(0, toastLimits.textMax)}…` : text
  const others = queue.filter((toast) => toast.text !== bounded)
  return [...others, { id, text: bounded, leftMs: toastLimits.stayMs }].slice(-toastLimits.shownMax)
}

/** Lets time pass. */
export function afterMs(queue: readonly Toast[], passedMs: number): readonly Toast[] {
  return queue
    .map((toast) => ({ ...toast, leftMs: toast.leftMs - passedMs }))
    .filter(({ leftMs }) => leftMs > 0)
}

export const withoutToast = (queue: readonly Toast[], id: number): readonly Toast[] =>
  queue.filter((toast) => toast.id !== id)
