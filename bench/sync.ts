/**
 * `npm run bench -- sync`: how fast a fresh site catches up with another that has a chain: full blocks, and
 * empty ones, beside the rate at which this machine verifies signatures. docs/benchmarks.md explains.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { Engine } from '../core/chain/engine-api.ts'
import { answerPull, applyPull, pullRequest } from '../core/chain/sync.ts'
import { decodeAnswer, encodeAnswer, type SyncHello, syncVersion } from '../core/chain/sync-wire.ts'
import type { Verifier } from '../core/crypto/signature.ts'
import { openSqliteChainStore } from '../durable-objects/chain/sqlite-chain-store.ts'
import { createNativeVerifier } from '../durable-objects/native-ed25519.ts'
import {
  benchAuthority,
  hashOfChain,
  makeBenchGenesis,
  makeSenders,
  openBenchEngine,
  slotStartMs,
} from './support/bench-ledger.ts'
import { buildBlocks } from './support/block-cost.ts'
import { monotonicMs } from './support/clock.ts'
import { watchCpu } from './support/cpu.ts'
import { otherAccount } from './support/large-state.ts'
import { openMeasuredStorage } from './support/measured-storage.ts'
import { type Figure, figure, machine, printReport, say } from './support/report.ts'
import { measureSnapshotStart, type SnapshotStart } from './support/snapshot-start.ts'
import { rounded } from './support/statistics.ts'

const { values: options } = parseArgs({
  options: {
    /** Keep the report in bench/results/. */
    save: { type: 'boolean', default: false },
    /** Full blocks, and transfers in each. */
    blocks: { type: 'string', default: '40' },
    transactions: { type: 'string', default: '500' },
    /** Empty blocks. */
    empty: { type: 'string', default: '2000' },
    accounts: { type: 'string', default: '9000' },
    /** Accounts of the state that a site begins with by snapshot; 0 leaves that out. */
    'snapshot-accounts': { type: 'string', default: '1000000' },
  },
})

type CatchUp = {
  readonly blocks: number
  readonly transactions: number
  /** Of the site that catches up: reading an answer, checking, executing, writing. */
  readonly own_seconds: number
  /** Of the site that answers. */
  readonly answering_seconds: number
  readonly answers: number
  readonly wire_mib: number
  readonly transactions_per_second: number
  readonly blocks_per_second: number
}

type Check = Parameters<Verifier['verify']>[0]

const senderCount = 500
const perBlock = Number(options.transactions)
const accounts = Number(options.accounts)
const senders = makeSenders(senderCount)
const others = Array.from({ length: accounts - senderCount }, (_, at) => otherAccount(at))
const genesis = makeBenchGenesis(
  [...senders.map(({ address }) => address), ...others].map((address) => ({
    address,
    balance: 1_000_000_000n,
  })),
)
const genesisHash = hashOfChain(genesis)
const hello: SyncHello = { version: syncVersion, genesisHash, authority: undefined }

const startedAt = monotonicMs()
const cpu = watchCpu({ bench: process.pid })
const folder = mkdtempSync(join(tmpdir(), 'aitbc-bench-'))
let files = 0
try {
  run()
} finally {
  rmSync(folder, { recursive: true, force: true })
}

function run(): void {
  say(`a chain of ${options.blocks} blocks of ${perBlock} transfers`)
  const full = open(createNativeVerifier(), true)
  const { rows } = full
  const blocks = Number(options.blocks)
  const plan = { engine: full.engine, genesis, senders, accounts, rows }
  buildBlocks({ ...plan, transactions: perBlock, blocks })
  // Once to warm up and to note what is verified; the rate of the same checks alone stands beside it.
  const checks: Check[] = []
  catchUp(full.engine, recording(checks))
  const raw = rawRate(checks)
  const transfers = catchUp(full.engine, createNativeVerifier())
  const unchecked = catchUp(full.engine, { verify: () => true })
  say(`a chain of ${options.empty} empty blocks`)
  const empty = open(createNativeVerifier(), true)
  growEmpty(empty.engine, Number(options.empty))
  const heartbeats = catchUp(empty.engine, createNativeVerifier())
  full.close()
  empty.close()
  const many = Number(options['snapshot-accounts'])
  const paths = { source: join(folder, 'many.sqlite'), fresh: join(folder, 'begun.sqlite') }
  const snapshot = many === 0 ? undefined : measureSnapshotStart(many, paths)
  printReport(
    {
      bench: 'sync',
      at: new Date().toISOString(),
      machine: machine(),
      runtime:
        'two core engines in Node over node:sqlite on files, through the adapter of the chain object',
      seconds: rounded((monotonicMs() - startedAt) / 1_000),
      figures: [
        figure({
          name: 'catch-up of a fresh site, by the rate of native verification alone',
          unit: `times (${transfers.transactions_per_second} and ${raw} a second)`,
          value: rounded(transfers.transactions_per_second / raw),
          goal: { atLeast: 0.6 },
          cause: () =>
            `a transfer costs ${perTransfer(transfers)} ms, ${rounded(1_000 / raw)} ms of it its ` +
            `signature, and ${perTransfer(unchecked)} ms without checking signatures`,
        }),
        ...(snapshot ? [snapshotFigure(snapshot)] : []),
      ],
      details: {
        transactions_per_block: perBlock,
        accounts,
        raw_verifications_per_second: raw,
        full_blocks: transfers,
        full_blocks_without_signatures: unchecked,
        empty_blocks: heartbeats,
        snapshot: snapshot ?? 'left out',
        cpu: cpu(),
      },
    },
    options.save,
  )
}

function snapshotFigure({ accounts, install_seconds, parts, mib }: SnapshotStart): Figure {
  return figure({
    name: `a fresh site begins from a snapshot of ${accounts} accounts`,
    unit: 's',
    value: install_seconds,
    goal: { atMost: 60 },
    cause: () => `${parts} parts of ${mib} MiB in all are checked and written`,
  })
}

function open(verifier: Verifier, proposes: boolean) {
  const storage = openMeasuredStorage(join(folder, `${files++}.sqlite`))
  const store = openSqliteChainStore(storage)
  const signer = proposes ? { signer: benchAuthority } : {}
  const engine = openBenchEngine({ store, genesis, verifier, ...signer })
  return { engine, rows: storage.rows, close: storage.close }
}

/** A fresh site asks until it has everything. Every answer goes through its bytes, as on the wire. */
function catchUp(source: Engine, verifier: Verifier): CatchUp {
  const { engine, close } = open(verifier, false)
  const nowMs = slotStartMs(genesis, source.head().slot)
  let [ownMs, answeringMs, answers, bytes] = [0, 0, 0, 0]
  for (let more = true; more; ) {
    const asked = monotonicMs()
    const request = pullRequest(engine)
    const answering = monotonicMs()
    const answer = encodeAnswer(hello, { ...answerPull(source, request), transactions: [] })
    const answered = monotonicMs()
    const read = decodeAnswer(answer, genesisHash)
    if (!read.ok) throw new Error(read.error.message)
    const done = applyPull(engine, read.value.body, nowMs)
    if (done.refused.length > 0) throw new Error(done.refused[0]?.message)
    more = done.more
    ownMs += monotonicMs() - answered + answering - asked
    answeringMs += answered - answering
    answers += 1
    bytes += answer.length
  }
  const { height, finalHeight } = engine.head()
  if (height !== source.head().height || finalHeight !== height) {
    throw new Error(`the run does not count: height ${height}, final ${finalHeight}`)
  }
  const transactions = countTransactions(engine)
  close()
  const seconds = ownMs / 1_000
  const result: CatchUp = {
    blocks: height,
    transactions,
    own_seconds: rounded(seconds),
    answering_seconds: rounded(answeringMs / 1_000),
    answers,
    wire_mib: rounded(bytes / 2 ** 20),
    transactions_per_second: rounded(transactions / seconds),
    blocks_per_second: rounded(height / seconds),
  }
  say(
    `  ${height} blocks, ${transactions} transactions in ${result.own_seconds} s: ` +
      `${result.transactions_per_second} transactions/s, ${result.blocks_per_second} blocks/s`,
  )
  return result
}

function countTransactions(engine: Engine): number {
  let count = 0
  for (let height = 1; height <= engine.head().height; height++) {
    count += engine.blockAt(height)?.transactionHashes.length ?? 0
  }
  return count
}

/** Heartbeats, one as soon as it is due. */
function growEmpty(engine: Engine, blocks: number): void {
  let nowMs = slotStartMs(genesis, 1)
  while (engine.head().height < blocks) nowMs = engine.tick(nowMs).dueAtMs
}

function recording(checks: Check[]): Verifier {
  const native = createNativeVerifier()
  return {
    verify: (check) => {
      checks.push(check)
      return native.verify(check)
    },
  }
}

function rawRate(checks: readonly Check[]): number {
  const verifier = createNativeVerifier()
  const from = monotonicMs()
  const good = checks.filter((check) => verifier.verify(check)).length
  const seconds = (monotonicMs() - from) / 1_000
  if (good !== checks.length) throw new Error('signatures of the chain do not verify')
  return rounded(checks.length / seconds)
}

function perTransfer({ own_seconds, transactions }: CatchUp): number {
  return rounded((own_seconds * 1_000) / transactions)
}
