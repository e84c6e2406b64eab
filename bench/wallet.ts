/**
 * `npm run bench -- wallet`: what keys cost: opening them at the work factor in a browser and in workerd,
 * signing and checking a proof in the browser, and the size of page and extension. docs/benchmarks.md
 * explains.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { unzipSync } from 'fflate'
import type { Page } from 'playwright-core'
import { containerIterations } from '../core/wallet/container.ts'
import { inRoot } from '../scripts/setup/paths.ts'
import { giftOf } from '../test/e2e/chain.ts'
import { freshKey, importSeed, password, unlock } from '../test/e2e/wallet-world.ts'
import { startBrowser } from '../test/support/browser.ts'
import { startTestSite } from '../test/support/site.ts'
import { boundTime } from './support/bench-site.ts'
import { monotonicMs } from './support/clock.ts'
import { watchCpu } from './support/cpu.ts'
import { figure, machine, printReport, say } from './support/report.ts'
import { rounded, summaryOf } from './support/statistics.ts'
import { deriveInWorkerd } from './support/wallet-worker.ts'

const { values: options } = parseArgs({
  options: {
    /** Keep the report in bench/results/. */
    save: { type: 'boolean', default: false },
    /** Unlocks and derivations. */
    rounds: { type: 'string', default: '5' },
    /** Signatures and checks in the browser. */
    checks: { type: 'string', default: '100' },
  },
})

const startedAt = monotonicMs()
const rounds = Number(options.rounds)
const dist = inRoot('pages', 'dist')

type Checked = { readonly signMs: readonly number[]; readonly checkMs: readonly number[] }

/** Run in the page; text, because what runs these programs adds calls of its own to functions. */
const nativeDerivation = `async ({ iterations, rounds }) => {
  const samples = []
  for (let round = 0; round < rounds; round++) {
    const startMs = performance.now()
    const key = await crypto.subtle.importKey('raw', new Uint8Array(24).fill(7), 'PBKDF2', false, ['deriveBits'])
    const salt = new Uint8Array(32)
    await crypto.subtle.deriveBits({ name: 'PBKDF2', hash: 'SHA-256', salt, iterations }, key, 256)
    samples.push(performance.now() - startMs)
  }
  return samples
}`

const signAndCheck = `async ({ address, times }) => {
  const json = async (path) => (await fetch(path)).json()
  const genesis = await json('/rpc/genesis')
  const answer = await json('/rpc/light/proof/account/' + address + '?from=0')
  const measured = (run) => {
    const samples = []
    for (let round = 0; round < times; round++) {
      const startMs = performance.now()
      run(round)
      samples.push(performance.now() - startMs)
    }
    return samples
  }
  return {
    signMs: measured((nonce) => work.sign(genesis, nonce)),
    checkMs: measured(() => work.check(genesis, answer, address)),
  }
}`

boundTime()
const endCpu = watchCpu({ bench: process.pid })
const [work, site, browser] = await Promise.all([bundled(), startTestSite(), startBrowser()])
try {
  say('deriving in workerd')
  const worker = await deriveInWorkerd(`${work}\n`, { iterations: containerIterations, rounds })
  say('deriving and unlocking in the browser')
  const context = await browser.newContext()
  const page = await context.newPage()
  const key = freshKey()
  await giftOf(site.url, key.address)
  await importSeed(page, site.url, key.seed)
  const native = await inPage<number[]>(page, nativeDerivation, {
    iterations: containerIterations,
    rounds,
  })
  const unlocks = await unlocksOf(page)
  say('signing and checking in the browser')
  await page.evaluate(work.replace(/\bvar work\s*=/, 'globalThis.work ='))
  const asked = { address: key.address, times: Number(options.checks) }
  const { signMs, checkMs } = await inPage<Checked>(page, signAndCheck, asked)
  report({ worker, native, unlocks, signMs, checkMs })
} finally {
  await browser.close()
  await site.dispose()
}

/** One script, whose exports are the global `work`. */
async function bundled(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [inRoot('bench', 'support', 'wallet-work.ts')],
    bundle: true,
    minify: true,
    format: 'iife',
    globalName: 'work',
    target: 'es2022',
    write: false,
  })
  return outputFiles[0]?.text ?? ''
}

function inPage<T>(page: Page, program: string, input: object): Promise<T> {
  return page.evaluate(`(${program})(${JSON.stringify(input)})`) as Promise<T>
}

/** From the press on the button to the open wallet, as a person waits. */
async function unlocksOf(page: Page): Promise<readonly number[]> {
  const samples: number[] = []
  for (let round = 0; round < rounds; round++) {
    await page.getByRole('button', { name: 'Lock' }).click()
    await page.getByLabel('Password', { exact: true }).waitFor()
    const startMs = monotonicMs()
    await unlock(page, password)
    await page.locator('.account-bar').waitFor()
    samples.push(monotonicMs() - startMs)
  }
  return samples
}

/** Compressed kB of script: what the page's HTML names, its two workers, and an extension's whole script. */
function sizes() {
  const kb = (all: readonly Uint8Array[]) =>
    rounded(all.reduce((sum, bytes) => sum + gzipSync(bytes).length, 0) / 1_000)
  const asset = (name: string) => readFileSync(`${dist}/assets/${name}`)
  const html = readFileSync(`${dist}/wallet/index.html`, 'utf8')
  const named = [
    ...new Set([...html.matchAll(/"\/assets\/([^"]+\.js)"/g)].map(([, name]) => name ?? '')),
  ]
  const worker = (beginning: string) => {
    const entries = readdirSync(`${dist}/assets`)
    const all = new Set(entries.filter((name) => name.startsWith(`${beginning}-worker-`)))
    // With what it imports at once.
    for (const name of all) {
      const imports = asset(name)
        .toString()
        .matchAll(/\b(?:import|from)\s*[`'"]\.\/([^`'"]+\.js)/g)
      for (const [, imported] of imports) all.add(imported ?? '')
    }
    return [...all]
  }
  const archive = unzipSync(readFileSync(`${dist}/firefox-wallet/aitbc-wallet-chromium.zip`))
  const scripts = Object.entries(archive).filter(
    ([name]) => name.endsWith('.js') && !name.includes('password-strength'),
  )
  return {
    page_kb: kb(named.map(asset)),
    keeper_kb: kb(worker('keeper').map(asset)),
    light_client_kb: kb(worker('worker').map(asset)),
    extension_kb: kb(scripts.map(([, bytes]) => bytes)),
    extension_scripts: Object.fromEntries(scripts.map(([name, bytes]) => [name, kb([bytes])])),
  }
}

type Samples = Record<'worker' | 'native' | 'unlocks' | 'signMs' | 'checkMs', readonly number[]>

function report(samples: Samples): void {
  const cpu = endCpu()
  const size = sizes()
  const { worker, native, unlocks, signMs, checkMs } = Object.fromEntries(
    Object.entries(samples).map(([name, all]) => [name, summaryOf(all)]),
  ) as Record<keyof Samples, ReturnType<typeof summaryOf>>
  const busy = `other programs use ${cpu['other_programs']?.cores ?? 0} cores`
  const atMost = (
    name: string,
    unit: string,
    [value, goal]: readonly [number, number],
    why: string,
  ) => figure({ name, unit, value, goal: { atMost: goal }, cause: () => why })
  const rates = `${rounded((containerIterations / native.p50) * 1_000)} rounds a second`
  printReport(
    {
      bench: 'wallet',
      at: new Date().toISOString(),
      machine: machine(),
      runtime:
        'production build in headless Chromium; workerd for the derivation without WebCrypto',
      seconds: rounded((monotonicMs() - startedAt) / 1_000),
      figures: [
        atMost(
          `unlock in the browser, ${containerIterations} rounds, from press to open wallet, p50`,
          'ms',
          [unlocks.p50, 1_500],
          `the derivation alone takes ${native.p50} ms (${rates}); ${busy}`,
        ),
        atMost(
          `derivation in workerd without WebCrypto, ${containerIterations} rounds, p50`,
          'ms',
          [worker.p50, 3_000],
          `the browser’s own takes ${native.p50} ms; ${busy}`,
        ),
        atMost('signing a transfer in the browser, p50', 'ms', [signMs.p50, 20], busy),
        atMost('checking a proven balance in the browser, p50', 'ms', [checkMs.p50, 50], busy),
        atMost(
          'script of the wallet page with the worker that keeps keys, compressed',
          'kB',
          [rounded(size.page_kb + size.keeper_kb), 90],
          `the page is ${size.page_kb} kB; the worker, fetched beside it, ${size.keeper_kb} kB: codecs, ` +
            'curves, ciphers, words, and the library that checks shapes',
        ),
        atMost(
          'script of the extension, compressed',
          'kB',
          [size.extension_kb, 90],
          'vault, words, ciphers and codecs are in it, of which a page’s worker has its own 80 kB',
        ),
      ],
      details: { sizes: size, worker, native, unlocks, sign: signMs, check: checkMs, cpu },
    },
    options.save,
  )
}
