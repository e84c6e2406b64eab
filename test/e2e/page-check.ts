/**
 * What must hold on every page: loaded once, then looked at in both themes, at the width of a desk and
 * of a phone, and at 320 px. Findings are lines of text; a page without any is clean.
 */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Page } from 'playwright-core'
import { settled, type Watched } from './visit.ts'

/** WCAG 2.0 to 2.2, A and AA. */
const allRules = {
  runOnly: { type: 'tag', values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] },
}
/** All that a change of theme can break. */
const onlyColours = { runOnly: { type: 'rule', values: ['color-contrast', 'link-in-text-block'] } }
const allButColours = {
  ...allRules,
  rules: Object.fromEntries(onlyColours.runOnly.values.map((rule) => [rule, { enabled: false }])),
}

/** The element that axe is shown of a look that is all over the page. */
const lookMark = 'data-look'

/** axe itself, of the version that `@axe-core/playwright` brings; put into a page once a visit. */
const axeSource = readFileSync(
  createRequire(createRequire(import.meta.url).resolve('@axe-core/playwright')).resolve(
    'axe-core/axe.min.js',
  ),
  'utf8',
)

/**
 * Parts that are laid out only near the window have a size by estimate until then, and seem to lie over each
 * other: axe sees them as a reader does who has come there.
 */
const layOutWhole = `{
  const sheet = new CSSStyleSheet()
  sheet.replaceSync('* { content-visibility: visible !important }')
  document.adoptedStyleSheets.push(sheet)
}`

const bringAxe = (page: Page) => page.evaluate(`${axeSource};${layOutWhole}`)

type AxeViolation = { readonly id: string; readonly nodes: readonly { readonly html: string }[] }

type AxeWindow = Window & {
  axe?: { run(root: Document | string, options: object): Promise<{ violations: AxeViolation[] }> }
}

export type PageCase = {
  readonly url: string
  readonly title: string | RegExp
  /**
   * Shows again, all at once, what other pages show: its colours are looked at in one theme and width,
   * which on thousands of elements takes seconds.
   */
  readonly repeats?: boolean
  /** The page is a search: the focus starts in its field. */
  readonly searches?: boolean
}

/** Visits a page in an open window and returns everything that is wrong with it. */
export async function findingsOn(
  watched: Watched,
  { url, title, repeats = false, searches = false }: PageCase,
) {
  const { page } = watched
  await page.setViewportSize({ width: 1440, height: 900 })
  await page.emulateMedia({ colorScheme: 'light' })
  await watched.open(url)
  await settled(page)
  const found: string[] = []
  const note = (where: string, lines: readonly string[]) =>
    found.push(...lines.map((line) => `${where}: ${line}`))
  note('page', await frameFindings(page, title))
  note('focus', await focusFindings(page, searches))
  await bringAxe(page)
  for (const width of [1440, 390]) {
    note(`${width}`, await overflowAt(page, width))
    await page.emulateMedia({ colorScheme: 'light' })
    // Once with every text on the page, in case one lies over another; then one of each look.
    note(`${width} light`, await axeFindings(page, width === 1440 ? allRules : allButColours))
    if (repeats) continue
    if (width === 390) note('390 light', await colourFindings(page))
    await page.emulateMedia({ colorScheme: 'dark' })
    note(`${width} dark`, await colourFindings(page))
  }
  note('320', await overflowAt(page, 320))
  note('heard', await watched.faults())
  return found
}

/** What sticks out at a width, once drawings that follow the width have caught up. */
export async function overflowAt(page: Page, width: number): Promise<string[]> {
  await page.setViewportSize({ width, height: 900 })
  const triesMax = 50
  for (let tries = 1; ; tries++) {
    const found = await overflowFindings(page)
    if (found.length === 0 || tries === triesMax) return found
    await page.waitForTimeout(100)
  }
}

/** Title and one heading. */
async function frameFindings(page: Page, title: string | RegExp): Promise<string[]> {
  const found: string[] = []
  const isTitle = (text: string) => (typeof title === 'string' ? text === title : title.test(text))
  // Some pages set it as soon as they know what they show.
  const deadlineTries = 50
  for (let tries = 0; !isTitle(await page.title()); tries++) {
    if (tries === deadlineTries) {
      found.push(`the title is ${await page.title()}`)
      break
    }
    await page.waitForTimeout(100)
  }
  const headings = await page.locator('h1:visible').count()
  if (headings !== 1) found.push(`${headings} headings of the first level`)
  return found
}

/** The focus begins at the skip link, which leads past the header; on a search page in its field. */
async function focusFindings(page: Page, searches: boolean): Promise<string[]> {
  const focus = () =>
    page.evaluate(() => {
      const { tagName, id, className } = document.activeElement ?? document.body
      return id || className || tagName
    })
  const first = await page.evaluate(() => document.activeElement?.getAttribute('type') ?? 'page')
  if (searches) return first === 'search' ? [] : [`it starts in ${await focus()}`]
  const found = first === 'page' ? [] : [`it starts in ${await focus()}`]
  await page.keyboard.press('Tab')
  if ((await focus()) !== 'skip') found.push(`the first stop is ${await focus()}`)
  await page.keyboard.press('Enter')
  if ((await focus()) !== 'main') found.push(`the skip link leads to ${await focus()}`)
  return found
}

/** An open view of the explorer as it is now: what axe finds, and what sticks out at 320 px. */
export async function wholeIn(page: Page): Promise<string[]> {
  const found = await overflowAt(page, 320)
  await page.setViewportSize({ width: 1440, height: 900 })
  return [...found, ...(await findingsIn(page, '#explorer'))]
}

/** What axe finds in one part of an open page: on a desk, on a phone, and in the dark. */
export async function findingsIn(page: Page, part: string): Promise<string[]> {
  if (!(await page.evaluate(() => 'axe' in window))) await bringAxe(page)
  const found = await axeFindings(page, allRules, part)
  await page.setViewportSize({ width: 390, height: 900 })
  found.push(...(await axeFindings(page, allButColours, part)))
  await page.emulateMedia({ colorScheme: 'dark' })
  found.push(...(await axeFindings(page, onlyColours, part)))
  await page.emulateMedia({ colorScheme: 'light' })
  await page.setViewportSize({ width: 1440, height: 900 })
  return found
}

async function axeFindings(page: Page, rules: object, part?: string): Promise<string[]> {
  const violations = await page.evaluate(
    async ({ root, ...options }) => {
      const { axe } = window as unknown as AxeWindow
      const found = await axe?.run(root ?? document, options)
      if (!found) throw new Error('axe is not on this page')
      return found.violations.map(({ id, nodes }) => ({
        id,
        nodes: nodes.map(({ html }) => ({ html })),
      }))
    },
    { ...rules, root: part, resultTypes: ['violations'], preload: false },
  )
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' | ')}`)
}

/** What axe finds in the colours of a page: one text of each look, since they cost the most by far, and all links. */
export async function colourFindings(page: Page): Promise<string[]> {
  if (!(await page.evaluate(() => 'axe' in window))) await bringAxe(page)
  await page.evaluate(markLooks, lookMark)
  const [contrast, links] = onlyColours.runOnly.values
  const ruled = (rule: string | undefined) => ({ runOnly: { type: 'rule', values: [rule] } })
  return [
    ...(await axeFindings(page, ruled(contrast), `[${lookMark}]`)),
    ...(await axeFindings(page, ruled(links))),
  ]
}

/** Marks the first text, or field, of each look: everything that its contrast is computed from. */
function markLooks(mark: string): void {
  const looks = new Map<Element | null, string>([[null, '']])
  const seen = new Set<string>()
  for (const element of document.querySelectorAll('*')) {
    element.removeAttribute(mark)
    const style = getComputedStyle(element)
    const ground = [
      ...[style.backgroundColor, style.backgroundImage, style.opacity, style.visibility],
      ...[style.filter, style.mixBlendMode, style.position],
    ].join()
    const parent = looks.get(element.parentElement) ?? ''
    // What adds nothing is left out, or each depth would be a look of its own.
    const isPlain = ground === 'rgba(0, 0, 0, 0),none,1,visible,none,normal,static'
    const look = isPlain ? parent : `${parent};${ground}`
    looks.set(element, look)
    const hasText = [...element.childNodes].some(
      (node) => node.nodeType === Node.TEXT_NODE && node.nodeValue?.trim(),
    )
    if (!hasText && !('value' in element)) continue
    const { color, fontSize, fontWeight, textShadow } = style
    const own = [look, color, fontSize, fontWeight, textShadow, element.matches(':disabled')].join()
    if (seen.has(own) || !element.checkVisibility({ visibilityProperty: true })) continue
    seen.add(own)
    element.setAttribute(mark, '')
  }
}

/** Sideways scroll, what sticks out of the window, and what a box without scrolling cuts off. */
function overflowFindings(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const found: string[] = []
    const width = document.documentElement.clientWidth
    if (document.documentElement.scrollWidth > width) {
      found.push(`scrolls sideways to ${document.documentElement.scrollWidth}`)
    }
    const label = (element: Element) =>
      `${element.tagName.toLowerCase()}.${element.getAttribute('class') ?? ''} “${element.textContent?.trim().slice(0, 40)}”`
    /** Where an element must end: at its nearest box that clips, else at the window's edge. */
    const edgeOf = (element: Element): { right: number; by: string } | undefined => {
      let at = element.parentElement
      for (; at && at !== document.documentElement; at = at.parentElement) {
        const { overflowX, textOverflow, clipPath } = getComputedStyle(at)
        // Text for screen readers alone.
        if (clipPath !== 'none') return undefined
        if (overflowX === 'visible') continue
        // A box that scrolls shows it all, and one with an ellipsis says that it does not.
        if (overflowX !== 'hidden' && overflowX !== 'clip') return undefined
        if (textOverflow === 'ellipsis') return undefined
        return { right: at.getBoundingClientRect().right, by: label(at) }
      }
      return { right: width, by: 'the window' }
    }
    for (const element of document.body.querySelectorAll('*')) {
      if (element.closest('.visually-hidden, .skip, svg *')) continue
      const shown = element.checkVisibility({ visibilityProperty: true })
      const box = element.getBoundingClientRect()
      if (!shown || box.width === 0 || box.height === 0) continue
      if (box.left < -1 && box.right > 0) found.push(`${label(element)} begins at ${box.left}`)
      const edge = edgeOf(element)
      if (edge && box.right > edge.right + 1) {
        found.push(`${label(element)} ends at ${box.right}, ${edge.by} at ${edge.right}`)
      }
    }
    return found.slice(0, 10)
  })
}
