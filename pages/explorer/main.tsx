/** Entry of the explorer. */
import { mount, startFrame } from '../shared/frame/start.tsx'
import './explorer.css'
import { Explorer } from './explorer.tsx'
import { followLinks } from './router.ts'

followLinks()
startFrame()
mount('explorer', <Explorer />)
