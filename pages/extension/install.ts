/** Entry of the page from which the extension is downloaded. */
import { startFrame } from '../shared/frame/start.tsx'
import '../shared/styles/answer.css'
import './install.css'

startFrame()
