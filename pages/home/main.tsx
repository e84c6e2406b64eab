/** Entry of the home page. */
import { enhanceListings } from '../shared/frame/listings.tsx'
import { mount, startFrame } from '../shared/frame/start.tsx'
import './home.css'
import { HealthReport } from './health-report.tsx'
import { NewestStep, steps } from './newest-path.tsx'
import { NewestWork } from './newest-work.tsx'
import { Readout } from './readout.tsx'

enhanceListings()
startFrame()
mount('readout', <Readout />)
mount('work', <NewestWork />)
mount('status', <HealthReport />)
for (const [id, step] of Object.entries(steps)) mount(id, <NewestStep step={step} />)
