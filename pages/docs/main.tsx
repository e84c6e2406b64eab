/** Entry of every docs page. */
import { enhanceListings } from '../shared/frame/listings.tsx'
import { startFrame } from '../shared/frame/start.tsx'
import './docs.css'

enhanceListings()
startFrame()
