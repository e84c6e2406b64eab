/** Entry of every docs page. */
import { enhanceListings } from '../shared/frame/listings.tsx'
import { startFrame } from '../shared/frame/start.tsx'
import { bindAnchors } from './anchors.ts'
import { bindDocsMenu } from './menu.ts'
import { bindSearchField } from './search-field.tsx'
import { followSections } from './sections.ts'
import './docs.css'
import './api.css'

enhanceListings()
bindDocsMenu()
bindAnchors()
followSections()
startFrame()
bindSearchField()
if (document.querySelector('#api-filter')) {
  void import('./api-filter.ts').then(({ startApiFilter }) => startApiFilter())
}
