/** Reads of the chain, each with what its answer must be. */
import { blockListAnswer, transactionListAnswer } from '../../core/api/chain-lists.ts'
import { monotonicMs } from './clock.ts'
import type { AskedSite } from './gateway-sites.ts'
import { type LeanAnswer, type LeanConnection, openLean, requestBytes } from './lean-http.ts'
import type { Target } from './load.ts'
import { type Summary, summaryOf } from './statistics.ts'

/** Requests a second that the original answers, on a machine of its own. */
export const theOriginals = {
  'head of the chain': 542,
  'one block': 968,
  'range of 20 blocks': 112,
} as const

export type Read = {
  readonly name: string
  readonly target: Pick<Target, 'path' | 'fault'>
}

export type Reads = {
  readonly reads: readonly Read[]
  /** Blocks and ranges that nobody has read before, one at a time, milliseconds. */
  readonly firstReadingMs: Readonly<Record<'one block' | 'range of 20 blocks', Summary>>
}

const rangeBlocks = 20

/**
 * The reads. Blocks and ranges go through the whole chain in turn; those are final, so each answer is
 * compared with what the first reading said, byte by byte.
 */
export async function readCases(
  site: AskedSite,
  chain: { readonly headHeight: number },
): Promise<Reads> {
  const { headHeight } = chain
  const rangePath = (start: number) =>
    `/rpc/blocks-range?start=${start}&end=${start + rangeBlocks - 1}`
  const starts = Array.from({ length: headHeight - rangeBlocks + 2 }, (_, start) => start)
  const connection = await openLean(site.workerUrl)
  try {
    const read = (paths: readonly string[]) => readAll(connection, site.workerUrl, paths)
    const blocks = await read(
      Array.from({ length: headHeight + 1 }, (_, height) => `/rpc/blocks/${height}`),
    )
    // First those that share no block: each of them is read for the first time.
    const apart = await read(starts.filter((start) => start % rangeBlocks === 0).map(rangePath))
    const rest = await read(starts.filter((start) => start % rangeBlocks !== 0).map(rangePath))
    return {
      reads: [
        {
          name: 'head of the chain',
          target: { path: () => '/rpc/head', fault: (answer) => faultOfHead(answer, headHeight) },
        },
        { name: 'one block', target: sameAs(blocks) },
        { name: 'range of 20 blocks', target: sameAs([...apart, ...rest]) },
        ...(await listReads(site)),
      ],
      firstReadingMs: {
        'one block': summaryOf(blocks.map(({ tookMs }) => tookMs)),
        'range of 20 blocks': summaryOf(apart.map(({ tookMs }) => tookMs)),
      },
    }
  } finally {
    connection.close()
  }
}

async function listReads(site: AskedSite): Promise<Read[]> {
  const lists = {
    'newest blocks': { path: '/api/v1/chain/blocks?limit=20', schema: blockListAnswer },
    'newest transactions': {
      path: '/api/v1/chain/transactions?limit=20',
      schema: transactionListAnswer,
    },
  }
  for (const { path, schema } of Object.values(lists)) {
    const answer = await fetch(`${site.url}${path}`)
    const { items } = schema.parse(await answer.json())
    if (items.length !== 20) throw new Error(`${path} has ${items.length} items`)
  }
  return Object.entries(lists).map(([name, { path }]) => ({
    name,
    target: { path: () => path, fault: faultOfList },
  }))
}

type Known = { readonly path: string; readonly body: Buffer; readonly tookMs: number }

async function readAll(
  connection: LeanConnection,
  url: string,
  paths: readonly string[],
): Promise<Known[]> {
  const { host } = new URL(url)
  const known: Known[] = []
  for (const path of paths) {
    const from = monotonicMs()
    const { status, body } = await connection.ask(requestBytes(path, host))
    const tookMs = monotonicMs() - from
    const isFinal = status === 200 && !body.includes('"final":false')
    if (!isFinal) throw new Error(`${path}: ${status} ${body.toString().slice(0, 200)}`)
    known.push({ path, body, tookMs })
  }
  return known
}

function sameAs(known: readonly Known[]): Pick<Target, 'path' | 'fault'> {
  const bodies = new Map(known.map(({ path, body }) => [path, body]))
  return {
    // A stride that shares no factor with the count, so that neighbours do not follow each other.
    path: (number) => (known[(number * 37) % known.length] as Known).path,
    fault: (answer, path) =>
      answer.status === 200 && bodies.get(path)?.equals(answer.body)
        ? undefined
        : `answered ${answer.status}: ${answer.body.toString().slice(0, 200)}`,
  }
}

function faultOfHead({ status, body }: LeanAnswer, heightMin: number): string | undefined {
  const text = body.toString()
  const { height } = (status === 200 ? JSON.parse(text) : {}) as { height?: number }
  return height !== undefined && height >= heightMin ? undefined : `${status}: ${text}`
}

const listStart = Buffer.from('{"items":[{')

function faultOfList({ status, body }: LeanAnswer): string | undefined {
  const isList = status === 200 && body.subarray(0, listStart.length).equals(listStart)
  return isList ? undefined : `answered ${status}: ${body.toString().slice(0, 200)}`
}
