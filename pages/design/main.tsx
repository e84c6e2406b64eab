/** Entry of the page that shows the design system. */
import { mount, startFrame } from '../shared/frame/start.tsx'
import { DesignPage } from './design-page.tsx'
import './design.css'

startFrame()
mount('design', <DesignPage />)
document.getElementById('design')?.removeAttribute('aria-busy')
