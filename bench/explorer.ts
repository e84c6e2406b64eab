/**
 * `npm run bench -- explorer`: what it costs to find and to verify in a real browser: proofs and their check,
 * from search to result beside a great many transactions, and the first load on a slow phone.
 * docs/benchmarks.md explains.
 */
import { parseArgs } from 'node:util'
import type { Browser, Page } from 'playwright-core'
import { startBrowser } from '../test/support/browser.ts'
import { monotonicMs } from './support/clock.ts'
import { watchCpu } from './support/cpu.ts'
import { type CrowdedSite, startCrowdedSite } from './support/crowded-site.ts'
import { loadPage, type PageLoad, type Profile } from './support/page-load.ts'
import { figure, machine, printReport, say } from './support/report.ts'
import { quantile, rounded } from './support/statistics.ts'

const { values: options } = parseArgs({
  options: {
    /** Keep the report in bench/results/. */
    save: { type: 'boolean', default: false },
    /** Transactions in the database. */
    rows: { type: 'string', default: '1000000' },
    /** Searches and checks of each kind. */
    rounds: { type: 'string', default: '15' },
    /** First loads of each page; the median counts. */
    runs: { type: 'string', default: '3' },
  },
})

/** A phone on a slow mobile line, as in `bench/pages.ts`. */
const profile: Profile = {
  roundTripMs: 150,
  downBits: 1_600_000,
  upBits: 750_000,
  processor: 4,
  viewport: { width: 390, height: 844 },
}
const pages = { overview: '/explorer/', transactions: '/explorer/txs' } as const
const content = { blocks: 160, transactions: 5 }

type Proof = { readonly kb: number; readonly workMs: number; readonly seenMs: number }
type Listed = {
  readonly hash: string
  readonly height: number
  readonly sender: string
  readonly recipient: string
}

/** Runs in the page. Text, because what runs these programs adds calls of its own to functions. */
const findInPage = `(typed) => new Promise((resolve) => {
  const form = document.getElementById('search')
  form.querySelector('input').value = typed
  const startMs = performance.now()
  const look = () => {
    const isThere = document.querySelector('#explorer .pairs dd [data-same]') !== null
    if (isThere && /\\/(?:block|tx|address)\\//.test(location.pathname)) {
      resolve(performance.now() - startMs)
    } else requestAnimationFrame(look)
  }
  form.requestSubmit()
  requestAnimationFrame(look)
})`

const startedAt = monotonicMs()
const site = await startCrowdedSite(content, Number(options.rows))
const browser = await startBrowser()
try {
  const endCpu = watchCpu({ bench: process.pid })
  const targets = await readTargets(site)
  const loads = await firstLoads(browser, site.url)
  const proofs = {
    transaction: await checks(targets.map(({ hash }) => `/explorer/tx/${hash}`)),
    account: await checks(targets.map(({ recipient }) => `/explorer/address/${recipient}`)),
    block: await checks(targets.map(({ height }) => `/explorer/block/${height}`)),
  }
  const searches = await search(targets)
  report({ loads, proofs, searches }, endCpu())
} finally {
  await browser.close()
  await site.stop()
}

/** Transactions of the chain itself, spread over its height. */
async function readTargets({ url, headHeight }: CrowdedSite): Promise<readonly Listed[]> {
  const rounds = Number(options.rounds)
  const heights = Array.from(
    { length: rounds },
    (_, at) => 1 + Math.floor((at * headHeight) / rounds),
  )
  const found: Listed[] = []
  for (const height of heights) {
    const block = (await (await fetch(`${url}/rpc/blocks/${height}`)).json()) as {
      transactions: string[]
    }
    const hash = block.transactions[0]
    if (hash === undefined) continue
    const { sender, recipient } = (await (await fetch(`${url}/rpc/tx/${hash}`)).json()) as Listed
    found.push({ hash, height, sender, recipient })
  }
  return found
}

async function firstLoads(in_: Browser, url: string): Promise<Record<string, PageLoad[]>> {
  const loads: Record<string, PageLoad[]> = {}
  for (let number = 1; number <= Number(options.runs); number++) {
    say(`first loads, ${number} of ${options.runs}`)
    for (const [name, path] of Object.entries(pages)) {
      loads[name] = [...(loads[name] ?? []), await loadPage(in_, url + path, profile)]
    }
  }
  return loads
}

/** Each page with an empty memory: the light client begins at genesis, as on a first visit. */
async function checks(paths: readonly string[]): Promise<readonly Proof[]> {
  say(`verifying ${paths.length} facts, such as ${paths[0]}`)
  const found: Proof[] = []
  for (const path of paths) {
    const context = await browser.newContext()
    try {
      const page = await context.newPage()
      const before = monotonicMs()
      await page.goto(site.url + path)
      await page.locator('.fact-verdict .verdict-verified').waitFor()
      const seenMs = monotonicMs() - before
      const words = (await page.locator('.verdict-cost').textContent()) ?? ''
      const [, kb, ms] = /Proof: ([\d.]+) kB, ([\d.]+) ms/.exec(words) ?? []
      found.push({ kb: Number(kb), workMs: Number(ms), seenMs })
    } finally {
      await context.close()
    }
  }
  return found
}

/** From the Enter in the search field to the facts of what was searched, in a page that stays open. */
async function search(targets: readonly Listed[]): Promise<Record<string, readonly number[]>> {
  const context = await browser.newContext()
  const page = await context.newPage()
  await page.goto(`${site.url}/explorer/`)
  await page.locator('#network a').waitFor()
  const found: Record<string, number[]> = { height: [], hash: [], address: [] }
  for (const { hash, height, recipient } of targets) {
    found['height']?.push(await searchFor(page, String(height)))
    found['hash']?.push(await searchFor(page, hash))
    found['address']?.push(await searchFor(page, recipient))
  }
  await context.close()
  return found
}

/** Measured inside the page, so that the wire to the browser does not count. */
async function searchFor(page: Page, text: string): Promise<number> {
  await page.goto(`${site.url}/explorer/blocks`)
  await page.locator('.list tbody td a').first().waitFor()
  return page.evaluate(`(${findInPage})(${JSON.stringify(text)})`)
}

type Found = {
  readonly loads: Readonly<Record<string, readonly PageLoad[]>>
  readonly proofs: Readonly<Record<string, readonly Proof[]>>
  readonly searches: Readonly<Record<string, readonly number[]>>
}

function report(found: Found, cpu: ReturnType<ReturnType<typeof watchCpu>>): void {
  const proofs = mapped(found.proofs, (all) => ({
    proof_kb: at(all, ({ kb }) => kb),
    work_ms: at(all, ({ workMs }) => workMs),
    work_ms_p95: at(all, ({ workMs }) => workMs, 0.95),
    from_navigation_ms: at(all, ({ seenMs }) => seenMs),
  }))
  const loads = mapped(found.loads, (all) => ({
    lcp_ms: at(all, ({ largestPaintMs }) => largestPaintMs),
    tbt_ms: at(all, ({ blockingMs }) => blockingMs),
    cls: Math.max(...all.map(({ layoutShift }) => layoutShift)),
    cls_of: all.map(({ layoutShiftOf }) => layoutShiftOf).find((name) => name !== '') ?? '',
    transferred_kb: at(all, ({ bytes }) => bytes / 1_000),
    requests: at(all, ({ requests }) => requests),
  }))
  const searches = mapped(found.searches, (all) => ({
    p50_ms: at(all, (ms) => ms),
    p95_ms: at(all, (ms) => ms, 0.95),
    searches: all.length,
  }))
  printReport(
    {
      bench: 'explorer',
      at: new Date().toISOString(),
      machine: machine(),
      runtime:
        'production build, served by workerd, loopback, to headless Chromium; first loads throttled to a slow phone, all else not',
      seconds: rounded((monotonicMs() - startedAt) / 1_000),
      figures: figuresOf(found, {
        loads: Object.values(loads),
        proofKb: Math.max(...Object.values(proofs).map(({ proof_kb }) => proof_kb)),
        others: cpu['other_programs']?.cores ?? 0,
      }),
      details: { rows: site.rows, proofs, searches, first_loads: loads, profile, cpu },
    },
    options.save,
  )
}

type Sums = {
  readonly loads: readonly Readonly<Record<'lcp_ms' | 'tbt_ms' | 'cls', number>>[]
  readonly proofKb: number
  readonly others: number
}

function figuresOf({ proofs, searches }: Found, { loads, proofKb, others }: Sums) {
  const worst = (name: 'lcp_ms' | 'tbt_ms' | 'cls') => Math.max(...loads.map((row) => row[name]))
  const cause = () => `browser and site share the machine with programs that use ${others} cores`
  const atMost = (name: string, unit: string, [value, goal]: readonly [number, number]) =>
    figure({ name, unit, value, goal: { atMost: goal }, cause })
  const all = Object.values(searches).flat()
  const works = Object.values(proofs).flat()
  return [
    atMost(`from search to result, p95, at ${site.rows} transactions`, 'ms', [
      at(all, (ms) => ms, 0.95),
      300,
    ]),
    atMost('work to check a proof in the browser, p95', 'ms', [
      at(works, ({ workMs }) => workMs, 0.95),
      50,
    ]),
    atMost('proof of a fact as JSON, the largest kind', 'kB', [proofKb, 10]),
    atMost('largest contentful paint of the explorer on a slow phone', 'ms', [
      worst('lcp_ms'),
      2_500,
    ]),
    atMost('total blocking time of the explorer on a slow phone', 'ms', [worst('tbt_ms'), 200]),
    atMost('cumulative layout shift of the explorer', '', [worst('cls'), 0.1]),
  ]
}

function mapped<T, R>(
  groups: Readonly<Record<string, readonly T[]>>,
  sum: (all: readonly T[]) => R,
): Record<string, R> {
  return Object.fromEntries(Object.entries(groups).map(([name, all]) => [name, sum(all)]))
}

/** A quantile of what is picked; the median where nothing else is said. */
function at<T>(all: readonly T[], pick: (one: T) => number, part = 0.5): number {
  return rounded(
    quantile(
      [...all.map(pick)].sort((a, b) => a - b),
      part,
    ),
  )
}
