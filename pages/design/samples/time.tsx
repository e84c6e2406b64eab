import { nowMs } from '../../shared/live/clock.ts'
import { TimeSwitch, When } from '../../shared/ui/time.tsx'

const openedMs = nowMs.peek()

export function TimeSample() {
  return (
    <>
      <When ms={openedMs} />
      <When ms={openedMs - 3 * 3_600_000} ageOnly />
      <When ms={undefined} />
      <TimeSwitch />
    </>
  )
}
