/** Entry of the home page. */
import { enhanceListings } from '../shared/frame/listings.tsx'
import { mount, startFrame } from '../shared/frame/start.tsx'
import './home.css'
import { HealthReport } from './health-report.tsx'
import { NewestWork } from './newest-work.tsx'
import { Readout } from './readout.tsx'

enhanceListings()
startFrame()
mount('readout', <Readout />)
mount('work', <NewestWork />)
mount('status', <HealthReport />)
