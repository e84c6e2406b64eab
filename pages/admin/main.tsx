/** Entry of the console for administrators. */
import { mount, startFrame } from '../shared/frame/start.tsx'
import { readOwnLabels } from '../shared/labels/own-labels.ts'
import '../shared/list/list.css'
import { followLinks } from '../shared/list/url-state.ts'
import '../shared/styles/form.css'
import './admin.css'
import { Admin } from './admin.tsx'

readOwnLabels()
followLinks('/admin/')
startFrame()
mount('admin', <Admin />)
