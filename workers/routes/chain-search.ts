/** `/api/v1/chain/search`: what a hash names, asked of the chain object and of the read model at once. */
import {
  type ChainSearchAnswer,
  type NamedByHash,
  namedByHash,
} from '../../core/api/chain-search.ts'
import { chainLists } from '../../d1/chain-lists.ts'
import { chainQueries } from '../../d1/chain-queries.ts'
import { chainNodeOf } from '../chain-client.ts'
import type { AppContext } from '../context.ts'
import type { Asked } from './mount.ts'
import { fromDatabase, readHash } from './rpc-input.ts'

/** `GET /search`. */
export async function search(c: AppContext, asked: Asked<'searchChain'>): Promise<Response> {
  const { hash: text } = asked.query(c)
  const hash = readHash(text, 'hash')
  const node = chainNodeOf(c.env)
  const ask: Record<NamedByHash, () => Promise<unknown>> = {
    block: () => node.block(hash),
    transaction: () => node.transaction(hash),
    escrow: () => node.finalEscrow(hash),
    receipt: () => fromDatabase(chainQueries(c.env.DB).settlementOf(text)),
    job: async () => {
      const page = { limit: 1, direction: 'older', place: undefined, range: {} } as const
      const { rows } = await fromDatabase(chainLists(c.env.DB).receipts(page, { job: text }))
      return rows[0]
    },
  }
  const kinds = await Promise.all(
    namedByHash.map(async (kind) => ({ kind, state: await stateOf(ask[kind]) })),
  )
  const those = (wanted: State) =>
    kinds.filter(({ state }) => state === wanted).map(({ kind }) => kind)
  const answer: ChainSearchAnswer = {
    hash: `0x${text}`,
    found: those('found'),
    unread: those('unread'),
  }
  return c.json(answer)
}

type State = 'found' | 'unknown' | 'unread'

/** What one part fails to answer must not hide what the others know. */
const stateOf = async (ask: () => Promise<unknown>): Promise<State> =>
  ask().then(
    (value) => (value === undefined ? 'unknown' : 'found'),
    () => 'unread',
  )
