/** Reads of the chain, each with what its answer must be. */
import { blockListAnswer, transactionListAnswer } from '../../core/api/chain-lists.ts'
import type { AskedSite } from './gateway-sites.ts'
import type { LeanAnswer } from './lean-http.ts'
import type { Target } from './load.ts'

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

const rangeBlocks = 20

/**
 * The reads. Blocks and ranges go through the whole chain in turn; those are final, so each answer is
 * compared with what the first reading said, byte by byte.
 */
export async function readCases(
  site: AskedSite,
  chain: { readonly headHeight: number },
): Promise<Read[]> {
  const { headHeight } = chain
  const blocks = await readAll(site, headHeight + 1, (height) => `/rpc/blocks/${height}`)
  const starts = headHeight - rangeBlocks + 1
  const ranges = await readAll(
    site,
    starts,
    (start) => `/rpc/blocks-range?start=${start}&end=${start + rangeBlocks - 1}`,
  )
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
  return [
    {
      name: 'head of the chain',
      target: { path: () => '/rpc/head', fault: (answer) => faultOfHead(answer, headHeight) },
    },
    { name: 'one block', target: sameAs(blocks) },
    { name: 'range of 20 blocks', target: sameAs(ranges) },
    ...Object.entries(lists).map(([name, { path }]) => ({
      name,
      target: { path: () => path, fault: faultOfList },
    })),
  ]
}

type Known = { readonly path: string; readonly body: Buffer }

async function readAll(
  site: AskedSite,
  count: number,
  pathOf: (index: number) => string,
): Promise<Known[]> {
  const known: Known[] = []
  for (let index = 0; index < count; index++) {
    const path = pathOf(index)
    const answer = await fetch(`${site.url}${path}`)
    const text = await answer.text()
    const isFinal = answer.status === 200 && !text.includes('"final":false')
    if (!isFinal) throw new Error(`${path}: ${answer.status} ${text.slice(0, 200)}`)
    known.push({ path, body: Buffer.from(text) })
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
