/** Entry of the page that shows the design system. */
import { mount, startFrame } from '../shared/frame/start.tsx'
import { followLinks } from '../shared/list/url-state.ts'
import { DesignPage } from './design-page.tsx'
import './design.css'

// The list on the page keeps its state in the address.
followLinks('/docs/design/')
startFrame()
mount('design', <DesignPage />)
document.getElementById('design')?.removeAttribute('aria-busy')
