/**
 * `npm run bench -- chain`: signed transfers a second into blocks of the chain, over HTTP, one a request and
 * a hundred a request, beside anvil in the same run. docs/benchmarks.md explains.
 */
import { parseArgs } from 'node:util'
import { toHex } from '../core/base/bytes.ts'
import { type Genesis, parseGenesis } from '../core/chain/genesis.ts'
import { blockTransactionsMax } from '../core/chain/limits.ts'
import { freshSecrets } from '../scripts/setup/dev-vars.ts'
import { makeGenesis, siteKeys } from '../scripts/setup/genesis.ts'
import {
  type Anvil,
  makeEtherSenders,
  rpcText,
  signEtherTransfer,
  startAnvil,
} from './support/anvil.ts'
import { bareRequests } from './support/bare-requests.ts'
import {
  addressNumbered,
  hashOfChain,
  makeSenders,
  type Sender,
  signNextTransfer,
} from './support/bench-ledger.ts'
import { type BenchSite, runtimeText, startBenchSite } from './support/bench-site.ts'
import { monotonicMs } from './support/clock.ts'
import { jsonOf } from './support/http-client.ts'
import { type Inclusion, measureInclusion, type Node } from './support/inclusion.ts'
import { signatureCost } from './support/primitives.ts'
import { type Figure, figure, machine, printReport, say } from './support/report.ts'
import { rounded } from './support/statistics.ts'

const { values: options } = parseArgs({
  options: {
    /** Keep the report in bench/results/. */
    save: { type: 'boolean', default: false },
    /** Connections, one number a level. */
    levels: { type: 'string', default: '16,64' },
    /** Transactions of one level, single and in batches. */
    singles: { type: 'string', default: '6000' },
    batched: { type: 'string', default: '8000' },
    /** The same for anvil, whose blocks hold more. */
    'anvil-singles': { type: 'string', default: '10000' },
    'anvil-batched': { type: 'string', default: '15000' },
  },
})

type Way = 'single' | 'batched'
type Results = Readonly<Record<Way, readonly Inclusion[]>>
/** Signs as many transactions as a level wants and gives the bodies of its requests. */
type Sign = (way: Way, transactions: number) => string[]

const levels = options.levels.split(',').map(Number)
const batchSize = 100
const senderCount = 200
const bareSeconds = 2
const blocksPerPage = 100

const startedAt = monotonicMs()
const senders = makeSenders(senderCount)
const secrets = freshSecrets()
const json = makeGenesis({
  chainId: 'bench',
  nowMs: Date.now(),
  sites: [{ name: 'site-a', ...siteKeys(secrets) }],
  accounts: senders.map(({ address }) => ({ address, balance: 10n ** 12n })),
})
const parsed = parseGenesis(json)
if (!parsed.ok) throw new Error(parsed.error.message)

const site = await startBenchSite(Math.max(...levels), {
  ...secrets,
  GENESIS_JSON: JSON.stringify(json),
})
let own: Results
try {
  own = await measure('site', nodeOf(site), {
    sign: signFor(parsed.value, senders),
    singles: Number(options.singles),
    batched: Number(options.batched),
  })
} finally {
  await site.stop()
}
const anvil = await startAnvil(Math.max(...levels))
let other: Results | undefined
try {
  if (anvil) {
    const etherSenders = await makeEtherSenders(anvil, senderCount)
    other = await measure('anvil', anvilNode(anvil), {
      sign: bodiesBy(etherSenders, signEtherTransfer, (batch) =>
        batch.length === 1
          ? rpcText('eth_sendRawTransaction', batch)
          : `[${batch.map((tx, id) => rpcText('eth_sendRawTransaction', [tx], id)).join(',')}]`,
      ),
      singles: Number(options['anvil-singles']),
      batched: Number(options['anvil-batched']),
    })
  }
} finally {
  await anvil?.stop()
}
const bare = await bareRequests({ concurrency: Math.max(...levels), seconds: bareSeconds })
report(own, other)

async function measure(
  name: string,
  node: Node,
  plan: { readonly sign: Sign; readonly singles: number; readonly batched: number },
): Promise<Results> {
  const run = async (way: Way, connections: number): Promise<Inclusion> => {
    const transactions = way === 'single' ? plan.singles : plan.batched
    const bodies = plan.sign(way, transactions)
    const batch = way === 'single' ? 1 : batchSize
    const done = await measureInclusion(node, { connections, batch, transactions, bodies })
    say(
      `${name}, ${way}, ${connections} connections: ${done.included_per_second} included/s, ` +
        `${done.accepted_per_second} accepted/s, cores ${JSON.stringify(coresOf(done))}`,
    )
    return done
  }
  const single: Inclusion[] = []
  const batched: Inclusion[] = []
  for (const connections of levels) {
    single.push(await run('single', connections))
    batched.push(await run('batched', connections))
  }
  return { single, batched }
}

function nodeOf({ url, http, pids }: BenchSite): Node {
  let [counted, total] = [0, 0]
  return {
    url,
    path: '/rpc/transactions',
    included: async () => {
      const status = jsonOf(await http.get('/rpc/status'))
      const final = Number(status['final_height'])
      while (counted < final) {
        const path = `/rpc/blocks-range?start=${counted + 1}&end=${Math.min(final, counted + blocksPerPage)}`
        const { blocks } = jsonOf(await http.get(path)) as { blocks: { tx_count: number }[] }
        if (blocks.length === 0) throw new Error('final blocks are not told')
        total += blocks.reduce((sum, { tx_count }) => sum + tx_count, 0)
        counted += blocks.length
      }
      return total
    },
    isTaken: ({ status, text }) => status === 200 && !text.includes('"ok":false'),
    processes: pids,
  }
}

function anvilNode({ url, call, pid }: Anvil): Node {
  let [counted, total] = [0, 0]
  return {
    url,
    path: '/',
    included: async () => {
      const newest = Number(await call('eth_blockNumber', []))
      for (; counted < newest; counted++) {
        const height = `0x${(counted + 1).toString(16)}`
        total += Number(await call('eth_getBlockTransactionCountByNumber', [height]))
      }
      return total
    },
    isTaken: ({ status, text }) => status === 200 && !text.includes('"error"'),
    processes: { anvil: pid },
  }
}

function signFor(genesis: Genesis, from: readonly Sender[]): Sign {
  const hash = hashOfChain(genesis)
  return bodiesBy(
    from,
    (sender, to) => toHex(signNextTransfer({ genesis, hash, sender, to, slot: 0 })),
    (batch) => JSON.stringify(batch.length === 1 ? { tx: batch[0] } : { txs: batch }),
  )
}

/**
 * Every recipient is new. One a request, senders take turns, so that no two of one sender are under way at a
 * time; a batch is of one sender, in order.
 */
function bodiesBy<S>(
  from: readonly S[],
  signOne: (sender: S, to: Uint8Array) => string,
  bodyOf: (batch: readonly string[]) => string,
): Sign {
  let recipients = 0
  return (way, transactions) => {
    const size = way === 'single' ? 1 : batchSize
    return Array.from({ length: transactions / size }, (_, number) => {
      const sender = from[number % from.length] as S
      const batch = Array.from({ length: size }, () =>
        signOne(sender, addressNumbered(2 ** 40 + recipients++)),
      )
      return bodyOf(batch)
    })
  }
}

function report(site_: Results, anvil_: Results | undefined): void {
  const [single, batched] = [bestOf(site_.single), bestOf(site_.batched)]
  const figures: Figure[] = anvil_
    ? [
        ratioFigure('batches of 100', batched, bestOf(anvil_.batched), 2),
        ratioFigure('single requests', single, bestOf(anvil_.single), 1),
      ]
    : []
  printReport(
    {
      bench: 'chain',
      at: new Date().toISOString(),
      machine: machine(),
      runtime: runtimeText,
      seconds: rounded((monotonicMs() - startedAt) / 1_000),
      figures,
      details: {
        site: site_,
        anvil: anvil_ ?? 'not installed',
        anvil_version: anvil?.version,
        block_transactions_max: blockTransactionsMax,
        bare_requests_per_second: bare,
        signature_ms: signatureCost(),
      },
    },
    options.save,
  )
}

function ratioFigure(what: string, ours: Inclusion, theirs: Inclusion, goal: number): Figure {
  const cores = coresOf(ours)
  return figure({
    name: `signed transfers included a second by those of anvil, ${what}`,
    unit: `times (${ours.included_per_second}/s and ${theirs.included_per_second}/s)`,
    value: rounded(ours.included_per_second / theirs.included_per_second),
    goal: { atLeast: goal },
    cause: () =>
      `${ours.accepted_per_second} transfers a second were accepted while the runtime's one process ` +
      `used ${cores['workerd']} cores, clients ${cores['clients']}, other programs ` +
      `${cores['other_programs']}; blocks hold at most ${blockTransactionsMax} every 2 s; bare ` +
      `requests on the same runtime: ${bare}/s`,
  })
}

function bestOf(all: readonly Inclusion[]): Inclusion {
  return all.reduce((a, b) => (b.included_per_second > a.included_per_second ? b : a))
}

function coresOf({ cpu }: Inclusion): Readonly<Record<string, number>> {
  return Object.fromEntries(Object.entries(cpu).map(([name, { cores }]) => [name, cores]))
}
