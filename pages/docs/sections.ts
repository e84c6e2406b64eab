/** Marks the section that is being read in the list of sections. */

/** A heading above this part of the screen counts as reached. */
const reachedShare = 0.3

export function followSections(): void {
  const links = new Map<string, HTMLAnchorElement>()
  for (const link of document.querySelectorAll<HTMLAnchorElement>('.docs-contents a')) {
    links.set(decodeURIComponent(link.hash.slice(1)), link)
  }
  const headings = [...links.keys()].flatMap((id) => document.getElementById(id) ?? [])
  if (headings.length === 0) return
  let isDue = false
  const mark = () => {
    isDue = false
    const limit = innerHeight * reachedShare
    const current = headings.findLast((heading) => heading.getBoundingClientRect().top <= limit)
    for (const [id, link] of links) {
      if (id === current?.id) link.setAttribute('aria-current', 'true')
      else link.removeAttribute('aria-current')
    }
  }
  const due = () => {
    if (!isDue) requestAnimationFrame(mark)
    isDue = true
  }
  addEventListener('scroll', due, { passive: true })
  due()
}
