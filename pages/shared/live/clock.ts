/** The page's clock: one signal, so that every age on the page moves together and can be paused. */
import { signal } from '@preact/signals'

/** Unix milliseconds, once a second; stands still while paused. */
export const nowMs = signal(Date.now())

/** Whether the reader stopped all live updates on this page. */
export const paused = signal(false)

const tickMs = 1_000

export function startClock(): void {
  setInterval(() => {
    if (!paused.value && !document.hidden) nowMs.value = Date.now()
  }, tickMs)
  document.addEventListener('visibilitychange', () => {
    if (!paused.value && !document.hidden) nowMs.value = Date.now()
  })
}
