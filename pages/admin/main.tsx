/** Entry of the administrators' console. */
import { mount, startFrame } from '../shared/frame/start.tsx'
import { readOwnLabels } from '../shared/labels/own-labels.ts'
import '../shared/styles/form.css'
import './admin.css'
import { Admin } from './admin.tsx'

readOwnLabels()
startFrame()
mount('admin', <Admin />)
