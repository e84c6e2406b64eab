/** One first load of a page in a real browser, with an empty cache, on a throttled line and processor. */
import type { Browser, CDPSession, Page } from 'playwright-core'
import { rounded } from './statistics.ts'

/** A line and a processor slower than the machine's. Rates in bits a second. */
export type Profile = {
  readonly roundTripMs: number
  readonly downBits: number
  readonly upBits: number
  /** How many times slower. */
  readonly processor: number
  readonly viewport: { readonly width: number; readonly height: number }
}

/** What one load showed. Times from the start of navigation, milliseconds; bytes as transferred. */
export type PageLoad = {
  readonly firstPaintMs: number
  readonly largestPaintMs: number
  /** What was painted then: its tag and classes. */
  readonly largestPaintOf: string
  /** Of tasks that held up the page for more than 50 ms: the time beyond. */
  readonly blockingMs: number
  readonly longestTaskMs: number
  readonly layoutShift: number
  /** What moved furthest in the worst single shift; empty when nothing did. */
  readonly layoutShiftOf: string
  readonly bytesByType: Readonly<Record<string, number>>
  readonly bytes: number
  readonly requests: number
  /** Addresses on other hosts than the page's. */
  readonly foreign: readonly string[]
  /** Responses with a status of 400 and more, and requests that failed. */
  readonly failed: readonly string[]
  /** Names of `content-encoding` that came, and how many responses had each; `none` without. */
  readonly encodings: Readonly<Record<string, number>>
  /** Text that a reader sees, at the end. */
  readonly text: string
}

/** Nothing under way for so long, after the load event: the page has come to rest. */
const restMs = 300
const loadMsMax = 20_000

/** Loads an address in a browser context of its own; without a profile, as fast as it goes. */
export async function loadPage(
  browser: Browser,
  url: string,
  profile: Profile | undefined,
): Promise<PageLoad> {
  const context = await browser.newContext({
    ...(profile && { viewport: profile.viewport, deviceScaleFactor: 2, isMobile: true }),
  })
  try {
    const page = await context.newPage()
    await page.addInitScript({ content: `{${observe}}` })
    const session = await context.newCDPSession(page)
    const traffic = await watchTraffic(session, new URL(url).host)
    page.on('worker', (worker) => traffic.arrived(worker.url()))
    if (profile) await throttle(session, profile)
    await page.goto(url, { waitUntil: 'load', timeout: loadMsMax })
    await traffic.rest()
    for (const script of traffic.workers) traffic.add('script', await transferredOf(page, script))
    return { ...(await readPaints(page)), ...traffic.sums() }
  } finally {
    await context.close()
  }
}

async function throttle(session: CDPSession, profile: Profile): Promise<void> {
  await session.send('Network.emulateNetworkConditions', {
    offline: false,
    latency: profile.roundTripMs,
    downloadThroughput: profile.downBits / 8,
    uploadThroughput: profile.upBits / 8,
  })
  await session.send('Emulation.setCPUThrottlingRate', { rate: profile.processor })
}

type Request = { readonly url: string; type: string }

async function watchTraffic(session: CDPSession, host: string) {
  const open = new Map<string, Request>()
  const bytesByType: Record<string, number> = {}
  const encodings: Record<string, number> = {}
  const foreign: string[] = []
  const failed: string[] = []
  const workers: string[] = []
  const add = (type: string, bytes: number): void => {
    bytesByType[type] = (bytesByType[type] ?? 0) + bytes
  }
  let requests = 0
  let lastMs = performance.now()
  const end = (id: string): Request | undefined => {
    const request = open.get(id)
    open.delete(id)
    lastMs = performance.now()
    return request
  }
  session.on('Network.requestWillBeSent', ({ requestId, request, type = 'Other' }) => {
    if (/^(?:data|blob):/.test(request.url)) return
    requests += 1
    open.set(requestId, { url: request.url, type })
    if (new URL(request.url).host !== host) foreign.push(request.url)
  })
  session.on('Network.webSocketCreated', ({ url }) => {
    if (new URL(url).host !== host) foreign.push(url)
  })
  session.on('Network.responseReceived', ({ requestId, response, type }) => {
    const request = open.get(requestId)
    if (request) request.type = type
    if (response.status >= 400) failed.push(`${response.status} ${response.url}`)
    const named = Object.entries(response.headers).find(
      ([name]) => name.toLowerCase() === 'content-encoding',
    )
    const encoding = named?.[1] ?? 'none'
    encodings[encoding] = (encodings[encoding] ?? 0) + 1
  })
  session.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => {
    const type = end(requestId)?.type.toLowerCase()
    if (type !== undefined) add(type, encodedDataLength)
  })
  session.on('Network.loadingFailed', ({ requestId, errorText }) => {
    const request = end(requestId)
    if (request) failed.push(`${errorText} ${request.url}`)
  })
  await session.send('Network.enable')
  return {
    workers,
    add,
    /** The browser tells of the start of a worker's script to the page, and of its end to the worker. */
    arrived: (url: string) => {
      const found = [...open].find(([, request]) => request.url === url)
      if (!found) return
      end(found[0])
      workers.push(url)
    },
    rest: async () => {
      const from = performance.now()
      lastMs = Math.max(lastMs, from)
      while (open.size > 0 || performance.now() - lastMs < restMs) {
        if (performance.now() - from > loadMsMax) {
          const asked = [...open.values()].map(({ url }) => url).join(', ')
          throw new Error(`a page does not come to rest, still asks for: ${asked || 'more'}`)
        }
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
    },
    sums: () => ({
      bytesByType,
      bytes: Object.values(bytesByType).reduce((sum, bytes) => sum + bytes, 0),
      requests,
      foreign,
      failed,
      encodings,
    }),
  }
}

/** What the page itself says that a file cost. */
function transferredOf(page: Page, url: string): Promise<number> {
  return page.evaluate((name) => {
    const [entry] = performance.getEntriesByName(name) as unknown as { transferSize: number }[]
    if (!entry) throw new Error(`nothing is known of ${name}`)
    return entry.transferSize
  }, url)
}

type Paints = {
  firstPaintMs: number
  largestPaintMs: number
  largestPaintOf: string
  layoutShift: number
  layoutShiftOf: string
  tasksMs: number[]
}

/**
 * Runs in the page, before anything of its own. Text, because what runs these programs adds calls of its own
 * to functions, which a page does not know.
 */
const observe = `
const seen = globalThis.benchPaints =
  { firstPaintMs: 0, largestPaintMs: 0, largestPaintOf: '', layoutShift: 0, layoutShiftOf: '',
    tasksMs: [] }
const nameOf = (element) =>
  element ? ((element.tagName ?? element.nodeName) + ' ' + (element.className ?? '')).trim() : 'gone'
const on = (type, take) =>
  new PerformanceObserver((list) => list.getEntries().forEach(take)).observe({ type, buffered: true })
on('paint', ({ name, startTime }) => {
  if (name === 'first-contentful-paint') seen.firstPaintMs = startTime
})
on('largest-contentful-paint', ({ startTime, element }) => {
  seen.largestPaintMs = startTime
  seen.largestPaintOf = nameOf(element)
})
on('longtask', ({ duration }) => seen.tasksMs.push(duration))
// Shifts less than a second apart belong together, for five seconds at most; the worst group counts.
let group = { from: 0, last: 0, sum: 0 }
let worst = 0
on('layout-shift', ({ startTime: at, value, hadRecentInput, sources }) => {
  if (hadRecentInput) return
  if (value > worst) {
    worst = value
    const moved = sources.map(({ node, previousRect, currentRect }) =>
      [Math.abs(currentRect.y - previousRect.y), nameOf(node)])
    seen.layoutShiftOf = moved.sort((a, b) => b[0] - a[0])[0]?.[1] ?? ''
  }
  const goesOn = at - group.last < 1000 && at - group.from < 5000
  group = goesOn
    ? { from: group.from, last: at, sum: group.sum + value }
    : { from: at, last: at, sum: value }
  seen.layoutShift = Math.max(seen.layoutShift, group.sum)
})`

async function readPaints(
  page: Page,
): Promise<
  Omit<PageLoad, 'bytesByType' | 'bytes' | 'requests' | 'foreign' | 'failed' | 'encodings'>
> {
  const [seen, text] = await page.evaluate(() => {
    const { benchPaints, document } = globalThis as unknown as {
      benchPaints: Paints
      document: { body: { innerText: string } }
    }
    return [benchPaints, document.body.innerText] as const
  })
  if (seen.firstPaintMs === 0 || seen.largestPaintMs === 0) {
    throw new Error(`nothing was painted at ${page.url()}`)
  }
  return {
    firstPaintMs: rounded(seen.firstPaintMs),
    largestPaintMs: rounded(seen.largestPaintMs),
    largestPaintOf: seen.largestPaintOf,
    layoutShift: rounded(seen.layoutShift),
    layoutShiftOf: seen.layoutShiftOf,
    blockingMs: rounded(seen.tasksMs.reduce((sum, ms) => sum + Math.max(0, ms - 50), 0)),
    longestTaskMs: rounded(Math.max(0, ...seen.tasksMs)),
    text,
  }
}
