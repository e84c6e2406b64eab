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

type Found = {
  readonly loads: Readonly<Record<string, readonly PageLoad[]>>
  readonly proofs: Readonly<Record<string, readonly Proof[]>>
  readonly searches: Readonly<Record<string, readonly number[]>>
}

function report({ loads, proofs, searches }: Found, cpu: ReturnType<ReturnType<typeof watchCpu>>) {
  const others = cpu['other_programs']?.cores ?? 0
  const proofRows = Object.fromEntries(
    Object.entries(proofs).map(([kind, all]) => [
      kind,
      {
        proof_kb: at(
          all.map(({ kb }) => kb),
          0.5,
        ),
        work_ms: at(
          all.map(({ workMs }) => workMs),
          0.5,
        ),
        work_ms_p95: at(
          all.map(({ workMs }) => workMs),
          0.95,
        ),
        from_navigation_ms: at(
          all.map(({ seenMs }) => seenMs),
          0.5,
        ),
      },
    ]),
  )
  const loadRows = Object.fromEntries(
    Object.entries(loads).map(([name, all]) => [
      name,
      {
        lcp_ms: at(
          all.map(({ largestPaintMs }) => largestPaintMs),
          0.5,
        ),
        tbt_ms: at(
          all.map(({ blockingMs }) => blockingMs),
          0.5,
        ),
        cls: Math.max(...all.map(({ layoutShift }) => layoutShift)),
        cls_of: all.map(({ layoutShiftOf }) => layoutShiftOf).find((name_) => name_ !== '') ?? '',
        transferred_kb: at(
          all.map(({ bytes }) => bytes / 1_000),
          0.5,
        ),
        requests: at(
          all.map(({ requests }) => requests),
          0.5,
        ),
      },
    ]),
  )
  const searchRows = Object.fromEntries(
    Object.entries(searches).map(([kind, all]) => [
      kind,
      { p50_ms: at(all, 0.5), p95_ms: at(all, 0.95), searches: all.length },
    ]),
  )
  const all = Object.values(searches).flat()
  const works = Object.values(proofs).flatMap((each) => each.map(({ workMs }) => workMs))
  const worst = (name: 'lcp_ms' | 'tbt_ms' | 'cls') =>
    Math.max(...Object.values(loadRows).map((row) => row[name]))
  const busy = () =>
    `browser, site and other programs share the machine; others use ${others} cores`
  printReport(
    {
      bench: 'explorer',
      at: new Date().toISOString(),
      machine: machine(),
      runtime:
        'production build, served by workerd, loopback, to headless Chromium; first loads throttled to a slow phone, all else not',
      seconds: rounded((monotonicMs() - startedAt) / 1_000),
      figures: [
        figure({
          name: `from search to result, p95, at ${site.rows} transactions`,
          unit: 'ms',
          value: at(all, 0.95),
          goal: { atMost: 300 },
          cause: busy,
        }),
        figure({
          name: 'work to check a proof in the browser, p95',
          unit: 'ms',
          value: at(works, 0.95),
          goal: { atMost: 50 },
          cause: busy,
        }),
        figure({
          name: 'proof of a fact as JSON, the largest kind',
          unit: 'kB',
          value: Math.max(...Object.values(proofRows).map((row) => row.proof_kb)),
          goal: { atMost: 10 },
          cause: () => 'way, header, certificate and path of one fact',
        }),
        figure({
          name: 'largest contentful paint of the explorer on a slow phone',
          unit: 'ms',
          value: worst('lcp_ms'),
          goal: { atMost: 2_500 },
          cause: busy,
        }),
        figure({
          name: 'total blocking time of the explorer on a slow phone',
          unit: 'ms',
          value: worst('tbt_ms'),
          goal: { atMost: 200 },
          cause: busy,
        }),
        figure({
          name: 'cumulative layout shift of the explorer',
          unit: '',
          value: worst('cls'),
          goal: { atMost: 0.1 },
          cause: () => JSON.stringify(loadRows),
        }),
      ],
      details: {
        rows: site.rows,
        proofs: proofRows,
        searches: searchRows,
        first_loads: loadRows,
        profile,
        cpu,
      },
    },
    options.save,
  )
}

function at(values: readonly number[], part: number): number {
  return rounded(
    quantile(
      [...values].sort((a, b) => a - b),
      part,
    ),
  )
}
