/** Entry of the page for parts that do not exist yet: leaves the one that the address meant. */
import { startFrame } from '../shared/frame/start.tsx'
import '../shared/styles/answer.css'

startFrame()
const here = location.pathname.toLowerCase()
const parts = [...document.querySelectorAll<HTMLElement>('.part')]
const meant = parts.find(({ dataset }) => here.startsWith(dataset['part'] ?? ' '))
const heading = document.getElementById('part')
if (meant && heading) {
  for (const part of parts) part.hidden = part !== meant
  const title = meant.dataset['title'] ?? ''
  heading.textContent = title
  document.title = `${title} · AITBC`
}
