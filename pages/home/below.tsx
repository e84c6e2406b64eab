/** What stands below the first screen of the home page; fetched after what stands on it. */
import { mount } from '../shared/frame/start.tsx'
import { HealthReport } from './health-report.tsx'
import { NewestStep, steps } from './newest-path.tsx'
import { NewestWork } from './newest-work.tsx'

export function mountBelow(): void {
  mount('work', <NewestWork />)
  mount('status', <HealthReport />)
  for (const [id, step] of Object.entries(steps)) mount(id, <NewestStep step={step} />)
}
