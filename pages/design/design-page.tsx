/** Every part of the design system, one section each. */
import { TimeSwitch, When } from '../shared/ui/time.tsx'

export function DesignPage() {
  return (
    <section aria-labelledby="time">
      <h2 id="time">Time</h2>
      <TimeSwitch /> <When ms={0} />
    </section>
  )
}
