/** Entry of the wallet. */
import { mount, startFrame } from '../shared/frame/start.tsx'
import { readOwnLabels } from '../shared/labels/own-labels.ts'
import { followLinks } from '../shared/list/url-state.ts'
import { touchOnUse } from '../shared/vault/client.ts'
import './wallet.css'
import { Wallet } from './wallet.tsx'

readOwnLabels()
followLinks('/wallet/')
startFrame()
touchOnUse()
mount('wallet', <Wallet />)
