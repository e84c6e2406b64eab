/** Entry of the explorer. */
import { mount, startFrame } from '../shared/frame/start.tsx'
import './explorer.css'
import { Explorer } from './explorer.tsx'
import { startRouter } from './router.ts'

startRouter()
startFrame()
mount('explorer', <Explorer />)
