/** Entry of the marketplace. */
import { mount, startFrame } from '../shared/frame/start.tsx'
import { readOwnLabels } from '../shared/labels/own-labels.ts'
import '../shared/list/list.css'
import { followLinks } from '../shared/list/url-state.ts'
import '../shared/styles/form.css'
import './marketplace.css'
import { Marketplace } from './marketplace.tsx'

readOwnLabels()
followLinks('/marketplace/')
startFrame()
mount('marketplace', <Marketplace />)
