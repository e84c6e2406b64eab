/** Answers of the site that are full of hostile text, and what a page must not make of them. */
import { readdirSync, readFileSync } from 'node:fs'
import type { BrowserContext, Page } from 'playwright-core'
import { filledAnswer, rowOfRequest } from '../support/filled-answer.ts'
import { overflowAt } from './page-check.ts'

/** What a stranger may write, by the name of the field that it stands in. */
export type Hostile = (field: string) => string

/**
 * Answers every request of these pages from the endpoint table, with all fields there and the text in every
 * string but figures, times and words out of a fixed few. `hints`: what is answered instead of the table's
 * example, by the id of the endpoint.
 */
export const answerWith = (
  context: BrowserContext,
  { text, hints }: { readonly text: Hostile; readonly hints: Readonly<Record<string, object>> },
): Promise<unknown> =>
  context.route(/\/(?:rpc|api|v1)\/(?!ws)/, async (route) => {
    const request = route.request()
    const row = rowOfRequest(request.method(), new URL(request.url()).pathname)
    if (row?.id === 'createChatCompletion') {
      await route.fulfill({ contentType: 'text/event-stream', body: streamOf(text) })
    } else if (row?.answers.some(({ schema }) => schema !== undefined)) {
      await route.fulfill({ json: poisoned(filledAnswer(row, hints[row.id]), text) })
    } else {
      await route.continue()
    }
  })

function poisoned(value: unknown, text: Hostile, field = 'answer'): unknown {
  if (typeof value === 'string') return isFigureOrWord(value) ? value : text(field)
  if (Array.isArray(value)) return value.map((item) => poisoned(item, text, field))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, poisoned(item, text, key)]),
  )
}

function streamOf(text: Hostile): string {
  const said = [
    { id: text('id'), choices: [{ delta: { content: text('content') } }] },
    { id: text('id'), choices: [{ delta: {}, finish_reason: text('finish_reason') }] },
  ]
  return [...said.map((each) => JSON.stringify(each)), '[DONE]']
    .map((data) => `data: ${data}\n\n`)
    .join('')
}

/** Words that pages expect where only some are possible; another one there is an error that is said. */
const expected = new Set(
  readdirSync('pages', { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.tsx?$/.test(name))
    .flatMap((name) => [...readFileSync(`pages/${name}`, 'utf8').matchAll(/oneOf\(([^)]*)\)/g)])
    .flatMap(([, words = '']) => [...words.matchAll(/'([^']+)'/g)].map(([, word]) => word)),
)

const isFigureOrWord = (text: string): boolean =>
  /^\d+$/.test(text) || /^\d{4}-\d\d-\d\d(?:T[\d:.]+Z?)?$/.test(text) || expected.has(text)

/** What the open page made of hostile text besides showing it. */
export async function sprungFrom(page: Page): Promise<string[]> {
  const found = await page.evaluate(() => {
    const lines: string[] = []
    const note = (what: string, of: string | null) => lines.push(`${what}: ${of?.slice(0, 80)}`)
    const injected = '#main :is(img, script, iframe, object, embed, base, [style*="position"])'
    for (const element of document.querySelectorAll(injected)) note('element', element.outerHTML)
    for (const element of document.querySelectorAll('body *')) {
      for (const { name, value } of element.attributes) {
        if (/^on/i.test(name)) note('handler', `${name}=${value}`)
        if (/^(?:href|src|action|formaction|xlink:href)$/i.test(name)) {
          const { protocol } = new URL(value, document.baseURI)
          if (!/^(?:https?|blob):$/.test(protocol)) note('address', `${name}=${value}`)
        }
      }
    }
    // What turns the direction of text, or is not seen at all.
    const hidden = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]/u
    const isHidden = (text: string) => hidden.test(text.replace(/[\n\t]/g, ''))
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
    while (walker.nextNode()) {
      const { textContent, parentElement } = walker.currentNode
      if (parentElement?.closest('script, style, textarea')) continue
      if (isHidden(textContent ?? '')) note('hidden text', textContent)
    }
    for (const element of document.querySelectorAll('[title], [aria-label], [alt]')) {
      for (const name of ['title', 'aria-label', 'alt']) {
        const value = element.getAttribute(name) ?? ''
        if (isHidden(value)) note(`hidden text in ${name}`, value)
      }
    }
    if (isHidden(document.title)) note('hidden text in the title', document.title)
    return lines
  })
  for (const width of [1440, 390]) {
    found.push(...(await overflowAt(page, width)).map((line) => `${width}: ${line}`))
  }
  await page.setViewportSize({ width: 1440, height: 900 })
  return found
}
