/** Entry of the page for parts that do not exist yet: says which part the address meant. */
import { mount, startFrame } from '../shared/frame/start.tsx'
import '../shared/styles/answer.css'

const parts: readonly (readonly [prefix: string, name: string])[] = [
  ['/marketplace', 'The marketplace'],
  ['/exchange', 'The exchange'],
  ['/wallet', 'The wallet'],
  ['/firefox-wallet', 'The browser extension'],
  ['/admin', 'Administration'],
]

startFrame()
const here = location.pathname.toLowerCase()
const part = parts.find(([prefix]) => here.startsWith(prefix))
if (part) {
  const title = `${part[1]} is not built yet`
  mount('part', title)
  document.title = `${title} · AITBC`
}
