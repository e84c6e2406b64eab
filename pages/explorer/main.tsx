/** Entry of the explorer. */
import { mount, startFrame } from '../shared/frame/start.tsx'
import { readOwnLabels } from '../shared/labels/own-labels.ts'
import './explorer.css'
import { Explorer } from './explorer.tsx'
import { startRouter } from './router.ts'

readOwnLabels()
startRouter()
startFrame()
mount('explorer', <Explorer />)
