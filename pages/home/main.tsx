/** Entry of the home page. */
import { enhanceListings } from '../shared/frame/listings.tsx'
import { mount, startFrame } from '../shared/frame/start.tsx'
import type { RequestFailure } from '../shared/live/request.ts'
import { Failed } from '../shared/ui/states.tsx'
import './home.css'
import { Readout } from './readout.tsx'

enhanceListings()
startFrame()
mount('readout', <Readout />)
void showBelow()

async function showBelow(): Promise<void> {
  try {
    const { mountBelow } = await import('./below.tsx')
    mountBelow()
  } catch {
    const failure: RequestFailure = {
      code: 'UNREACHABLE',
      message: 'A part of this page cannot be fetched.',
    }
    // A browser remembers a script that failed; only a new visit asks for it again.
    const retry = () => location.reload()
    mount('work', <Failed what="the newest work" failure={failure} retry={retry} />)
    mount('status', <Failed what="the health of this site" failure={failure} retry={retry} />)
  }
}
