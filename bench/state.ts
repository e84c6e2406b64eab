/**
 * `npm run bench -- state`: what a block of 500 transfers costs to build and to import, as the state and
 * the chain grow. The engine over SQLite on a file, through the adapter that a site uses. docs/benchmarks.md
 * explains.
 */
import { copyFileSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { openSqliteChainStore } from '../durable-objects/chain/sqlite-chain-store.ts'
import { createNativeVerifier } from '../durable-objects/native-ed25519.ts'
import {
  benchAuthority,
  makeBenchGenesis,
  makeSenders,
  openBenchEngine,
} from './support/bench-ledger.ts'
import { type BuiltBlock, buildBlocks, importBlocks, type Rows } from './support/block-cost.ts'
import { monotonicMs } from './support/clock.ts'
import { watchCpu } from './support/cpu.ts'
import { layLargeState } from './support/large-state.ts'
import { openMeasuredStorage } from './support/measured-storage.ts'
import { signatureCost } from './support/primitives.ts'
import { type Figure, figure, machine, printReport, say } from './support/report.ts'
import { rounded, type Summary, summaryOf } from './support/statistics.ts'

const { values: options } = parseArgs({
  options: {
    /** Keep the report in bench/results/. */
    save: { type: 'boolean', default: false },
    /** Accounts and height of each chain, `accounts@height`; the first one only warms up. */
    chains: {
      type: 'string',
      default: '1000@1000,1000@1000,100000@1000,1000000@1000,100000@100000',
    },
    transactions: { type: 'string', default: '500' },
    /** Measured blocks of each chain; five more come before. */
    blocks: { type: 'string', default: '20' },
  },
})

type ChainCost = {
  readonly accounts: number
  readonly height: number
  readonly lay_seconds: number
  readonly file_mib: number
  readonly admit_ms: Summary
  readonly build_ms: Summary
  readonly import_ms: Summary
  readonly import_without_signatures_ms: Summary
  /** Of one block, mean. */
  readonly rows: Readonly<Record<'admit' | 'build' | 'import', Rows>>
}

const warmUp = 5
const senderCount = 500
const trusting = { verify: () => true }
const transactions = Number(options.transactions)
const measuredBlocks = Number(options.blocks)
const genesis = makeBenchGenesis()

const startedAt = monotonicMs()
const cpu = watchCpu({ bench: process.pid })
const folder = mkdtempSync(join(tmpdir(), 'aitbc-bench-'))
try {
  const all = options.chains.split(',').map((text) => {
    const [accounts = 0, height = 0] = text.split('@').map(Number)
    return measureChain(accounts, height)
  })
  report(all.slice(1))
} finally {
  rmSync(folder, { recursive: true, force: true })
}

function measureChain(accounts: number, height: number): ChainCost {
  say(`${accounts} accounts, height ${height}`)
  const senders = makeSenders(senderCount)
  const laid = join(folder, 'laid.sqlite')
  const from = monotonicMs()
  const storage = openMeasuredStorage(laid)
  layLargeState({ store: openSqliteChainStore(storage), genesis, senders, accounts, height })
  storage.close()
  const laySeconds = rounded((monotonicMs() - from) / 1_000)
  const built = onCopy(laid, (path) => {
    const own = openMeasuredStorage(path)
    const store = openSqliteChainStore(own)
    const verifier = createNativeVerifier()
    const engine = openBenchEngine({ store, genesis, verifier, signer: benchAuthority })
    const blocks = warmUp + measuredBlocks
    const plan = { engine, genesis, senders, accounts, transactions, blocks, rows: own.rows }
    const done = buildBlocks(plan)
    own.close()
    return done
  })
  const imported = onCopy(laid, (path) => importAll(path, built, createNativeVerifier()))
  const bare = onCopy(laid, (path) => importAll(path, built, trusting))
  const cost: ChainCost = {
    accounts,
    height,
    lay_seconds: laySeconds,
    file_mib: Math.round(statSync(laid).size / 2 ** 20),
    admit_ms: summaryOf(late(built).map(({ admitMs }) => admitMs)),
    build_ms: summaryOf(late(built).map(({ buildMs }) => buildMs)),
    import_ms: summaryOf(late(imported).map(({ ms }) => ms)),
    import_without_signatures_ms: summaryOf(late(bare).map(({ ms }) => ms)),
    rows: {
      admit: meanRows(late(built).map(({ admitRows }) => admitRows)),
      build: meanRows(late(built).map(({ buildRows }) => buildRows)),
      import: meanRows(late(imported).map(({ rows }) => rows)),
    },
  }
  rmSync(laid)
  say(
    `  laid in ${laySeconds} s; p50: admit ${cost.admit_ms.p50} ms, build ${cost.build_ms.p50} ms, ` +
      `import ${cost.import_ms.p50} ms, without signatures ${cost.import_without_signatures_ms.p50} ms; ` +
      `rows of a build: ${cost.rows.build.read} read, ${cost.rows.build.written} written`,
  )
  return cost
}

function importAll(
  path: string,
  built: readonly BuiltBlock[],
  verifier: ReturnType<typeof createNativeVerifier>,
) {
  const own = openMeasuredStorage(path)
  const engine = openBenchEngine({ store: openSqliteChainStore(own), genesis, verifier })
  const done = importBlocks(engine, built, own.rows)
  own.close()
  return done
}

function onCopy<T>(laid: string, action: (path: string) => T): T {
  const path = join(folder, 'copy.sqlite')
  copyFileSync(laid, path)
  try {
    return action(path)
  } finally {
    rmSync(path)
  }
}

function report(chains: readonly ChainCost[]): void {
  const [, base, wide, tall] = chains
  const last = wide ?? base
  const figures: Figure[] = []
  if (last) {
    figures.push(
      blockFigure('build', last.build_ms, last),
      blockFigure('import', last.import_ms, last),
    )
  }
  if (base && wide) figures.push(...growthFigures('accounts', base, wide))
  if (base && tall) figures.push(...growthFigures('height', base, tall))
  printReport(
    {
      bench: 'state',
      at: new Date().toISOString(),
      machine: machine(),
      runtime:
        'core engine in Node over node:sqlite on a file, through the adapter of the chain object',
      seconds: rounded((monotonicMs() - startedAt) / 1_000),
      figures,
      details: {
        transactions_per_block: transactions,
        blocks_measured: measuredBlocks,
        chains,
        signature_ms: signatureCost(),
        cpu: cpu(),
      },
    },
    options.save,
  )
}

function blockFigure(what: string, ms: Summary, chain: ChainCost): Figure {
  const rows = what === 'build' ? chain.rows.build : chain.rows.import
  return figure({
    name: `${what} a block of ${transactions} transfers at ${chain.accounts} accounts, p50`,
    unit: 'ms',
    value: ms.p50,
    goal: { atMost: 50 },
    cause: () => `it reads ${rows.read} rows and writes ${rows.written}`,
  })
}

function growthFigures(by: 'accounts' | 'height', from: ChainCost, to: ChainCost): Figure[] {
  return (['build', 'import'] as const).map((what) => {
    const [before, after] = [from[`${what}_ms`].p50, to[`${what}_ms`].p50]
    return figure({
      name: `${what} time at ${to[by]} ${by} by that at ${from[by]}, p50`,
      unit: 'times',
      value: rounded(after / before),
      goal: { atMost: 1.3 },
      cause: () =>
        `${before} ms became ${after} ms; rows written ${from.rows[what].written} and ` +
        `${to.rows[what].written}, read ${from.rows[what].read} and ${to.rows[what].read}`,
    })
  })
}

function late<T>(all: readonly T[]): T[] {
  return all.slice(warmUp)
}

function meanRows(all: readonly Rows[]): Rows {
  const mean = (of: (rows: Rows) => number): number =>
    Math.round(all.reduce((sum, rows) => sum + of(rows), 0) / Math.max(all.length, 1))
  return { read: mean(({ read }) => read), written: mean(({ written }) => written) }
}
