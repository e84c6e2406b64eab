/** Entry of the provider console. */
import { mount, startFrame } from '../shared/frame/start.tsx'
import { readOwnLabels } from '../shared/labels/own-labels.ts'
import '../shared/styles/form.css'
import './provider.css'
import { Provider } from './provider.tsx'

readOwnLabels()
startFrame()
mount('provider', <Provider />)
