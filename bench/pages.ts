/**
 * `npm run bench -- pages`: first load of each kind of page in a real browser on a slow line and a slow
 * processor: what is transferred, when it is painted, what holds it up and what moves. docs/benchmarks.md
 * explains.
 */
import { parseArgs } from 'node:util'
import { startBrowser } from '../test/support/browser.ts'
import { type BareSite, startBareSite } from './support/bare-site.ts'
import { boundTime } from './support/bench-site.ts'
import { monotonicMs } from './support/clock.ts'
import { watchCpu } from './support/cpu.ts'
import { startFilledSite } from './support/gateway-sites.ts'
import { loadPage, type PageLoad, type Profile } from './support/page-load.ts'
import { figure, machine, printReport, say } from './support/report.ts'
import { quantile, rounded } from './support/statistics.ts'

const { values: options } = parseArgs({
  options: {
    /** Keep the report in bench/results/. */
    save: { type: 'boolean', default: false },
    /** Loads of each page; the median counts. */
    runs: { type: 'string', default: '3' },
  },
})

/** A phone on a slow mobile line. */
const profile: Profile = {
  roundTripMs: 150,
  downBits: 1_600_000,
  upBits: 750_000,
  processor: 4,
  viewport: { width: 390, height: 844 },
}

const pages: Readonly<Record<string, string>> = {
  home: '/',
  'explorer, overview': '/explorer/',
  'explorer, a block': '/explorer/block/150',
  'explorer, transactions': '/explorer/txs',
  'docs, index': '/docs/',
  'docs, a long page': '/docs/deploy-a-site.html',
  'docs, API reference': '/docs/api.html',
  'docs, design system': '/docs/design/',
}
/** Pages that get a peer: little text and much of it. */
const withPeer = ['home', 'docs, API reference']

const runtimeText =
  'production build, served by workerd and compressed by Miniflare, loopback, to headless Chromium with an ' +
  'empty cache, throttled: 150 ms before each response, 1.6 Mbit/s down, processor 4 times slower'

const startedAt = monotonicMs()
boundTime()
const { site } = await startFilledSite({ blocks: 160, transactions: 5 })
const browser = await startBrowser()
let bare: BareSite | undefined
try {
  const urls: Record<string, string> = {}
  const peers: { path: string; kind: 'html'; body: string }[] = []
  for (const [name, path] of Object.entries(pages)) {
    urls[name] = site.url + path
  }
  for (const name of withPeer) {
    const { text } = await loadPage(browser, urls[name] ?? '', undefined)
    peers.push({ path: `/${peers.length}`, kind: 'html', body: plainPage(name, text) })
  }
  bare = await startBareSite(peers)
  for (const [index, name] of withPeer.entries()) urls[peerOf(name)] = `${bare.url}/${index}`
  await run(urls)
} finally {
  await browser.close()
  await bare?.stop()
  await site.stop()
}

async function run(urls: Readonly<Record<string, string>>): Promise<void> {
  const loads = new Map<string, PageLoad[]>()
  const endCpu = watchCpu({ bench: process.pid, site: site.pid })
  for (let number = 1; number <= Number(options.runs); number++) {
    say(`first loads, ${number} of ${options.runs}`)
    for (const [name, url] of Object.entries(urls)) {
      const load = await loadPage(browser, url, profile)
      if (load.failed.length > 0) throw new Error(`${url}: ${load.failed.join(', ')}`)
      loads.set(name, [...(loads.get(name) ?? []), load])
    }
  }
  const cpu = endCpu()
  const results = Object.fromEntries([...loads].map(([name, all]) => [name, medians(all)]))
  for (const [name, result] of Object.entries(results)) {
    const { fcp_ms, lcp_ms, tbt_ms, cls, transferred_kb, requests } = result
    say(
      `  ${name}: first paint ${fcp_ms} ms, largest ${lcp_ms} ms, blocked ${tbt_ms} ms, shift ${cls}, ` +
        `${transferred_kb} kB in ${requests} requests`,
    )
  }
  report(results, cpu)
}

type PageResult = ReturnType<typeof medians>

/** The median of each figure over the loads of a page; bytes and requests vary by live data alone. */
function medians(all: readonly PageLoad[]) {
  const of = (pick: (load: PageLoad) => number) =>
    rounded(
      quantile(
        all.map(pick).sort((a, b) => a - b),
        0.5,
      ),
    )
  const types = [...new Set(all.flatMap(({ bytesByType }) => Object.keys(bytesByType)))].sort()
  const kb = (type: string) => of(({ bytesByType }) => (bytesByType[type] ?? 0) / 1_000)
  return {
    fcp_ms: of(({ firstPaintMs }) => firstPaintMs),
    lcp_ms: of(({ largestPaintMs }) => largestPaintMs),
    lcp_ms_max: Math.max(...all.map(({ largestPaintMs }) => largestPaintMs)),
    lcp_of: all[0]?.largestPaintOf ?? '',
    tbt_ms: of(({ blockingMs }) => blockingMs),
    longest_task_ms: of(({ longestTaskMs }) => longestTaskMs),
    // What moves depends on what arrives first: a median would hide it.
    cls: Math.max(...all.map(({ layoutShift }) => layoutShift)),
    cls_of: all.map(({ layoutShiftOf }) => layoutShiftOf).find((name) => name !== '') ?? '',
    transferred_kb: of(({ bytes }) => bytes / 1_000),
    transferred_kb_by_type: Object.fromEntries(types.map((type) => [type, kb(type)])),
    requests: of(({ requests }) => requests),
    third_party_requests: Math.max(...all.map(({ foreign }) => foreign.length)),
    encodings: all[0]?.encodings ?? {},
  }
}

function report(
  results: Readonly<Record<string, PageResult>>,
  cpu: ReturnType<ReturnType<typeof watchCpu>>,
): void {
  const own = Object.keys(pages).map((name) => ({ name, ...(results[name] as PageResult) }))
  const worst = (of: (page: PageResult) => number) => own.reduce((a, b) => (of(b) > of(a) ? b : a))
  const cssOf = ({ transferred_kb_by_type }: PageResult) =>
    transferred_kb_by_type['stylesheet'] ?? 0
  const slowest = worst(({ lcp_ms }) => lcp_ms)
  const busiest = worst(({ tbt_ms }) => tbt_ms)
  const unsteady = worst(({ cls }) => cls)
  const styled = worst(cssOf)
  const peer = results[peerOf('home')]
  const others = cpu['other_programs']?.cores ?? 0
  printReport(
    {
      bench: 'pages',
      at: new Date().toISOString(),
      machine: machine(),
      runtime: runtimeText,
      seconds: rounded((monotonicMs() - startedAt) / 1_000),
      figures: [
        figure({
          name: `largest contentful paint on a slow phone, the slowest page (${slowest.name})`,
          unit: 'ms',
          value: slowest.lcp_ms,
          goal: { atMost: 2_500 },
          cause: () =>
            `it is ${slowest.lcp_of}, after ${slowest.requests} requests for ` +
            `${slowest.transferred_kb} kB; a bare page takes ${peer?.lcp_ms} ms; browser and other ` +
            `programs use ${others} cores`,
        }),
        figure({
          name: `total blocking time on a slow phone, the busiest page (${busiest.name})`,
          unit: 'ms',
          value: busiest.tbt_ms,
          goal: { atMost: 200 },
          cause: () =>
            `its longest task takes ${busiest.longest_task_ms} ms, a quarter of that on the machine ` +
            `itself; a bare page is blocked ${peer?.tbt_ms} ms; browser and other programs use ` +
            `${others} cores`,
        }),
        figure({
          name: `cumulative layout shift, the least steady page (${unsteady.name})`,
          unit: '',
          value: unsteady.cls,
          goal: { atMost: 0.1 },
          cause: () => `what moves is ${unsteady.cls_of}; a bare page has ${peer?.cls}`,
        }),
        figure({
          name: `styles of a first load, compressed, the most (${styled.name})`,
          unit: 'kB',
          value: cssOf(styled),
          goal: { atMost: 20 },
          cause: () => `all of the page is ${styled.transferred_kb} kB`,
        }),
        figure({
          name: `requests to other hosts, all ${own.length} pages`,
          unit: 'requests',
          value: own.reduce((sum, { third_party_requests }) => sum + third_party_requests, 0),
          goal: { atMost: 0 },
          cause: () => 'the pages load from elsewhere',
        }),
      ],
      details: { profile, runs: Number(options.runs), pages: results, cpu },
    },
    options.save,
  )
}

function peerOf(name: string): string {
  return `${name}: bare peer`
}

/** The same text without styles, scripts, fonts or live figures. */
function plainPage(title: string, text: string): string {
  const safe = (value: string) => value.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
  const paragraphs = text.split(/\n+/).map((line) => `<p>${safe(line)}</p>`)
  return [
    '<!doctype html><html lang="en"><head><meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width">',
    `<title>${safe(title)}</title></head><body>`,
    ...paragraphs,
    '</body></html>',
  ].join('\n')
}
