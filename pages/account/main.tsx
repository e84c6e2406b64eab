/** Entry of the account pages. */
import { mount, startFrame } from '../shared/frame/start.tsx'
import { readOwnLabels } from '../shared/labels/own-labels.ts'
import { followLinks } from '../shared/list/url-state.ts'
import '../shared/styles/form.css'
import './account.css'
import { Account } from './account.tsx'

readOwnLabels()
followLinks('/account/')
startFrame()
mount('account', <Account />)
