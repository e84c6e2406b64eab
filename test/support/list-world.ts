/**
 * The chain's lists over a real engine and the real read model, with the routes as they ship: what is
 * proposed and what is indexed is decided by the test.
 */
import { Hono } from 'hono'
import { expect } from 'vitest'
import type * as z from 'zod'
import {
  type ListedMiner,
  minerListAnswer,
  type StatsAnswer,
  statsAnswer,
} from '../../core/api/chain-figures.ts'
import {
  blockListAnswer,
  type ListAnswer,
  type ListedBlock,
  type ListedReceipt,
  type ListedTransaction,
  receiptListAnswer,
  transactionListAnswer,
} from '../../core/api/chain-lists.ts'
import { summaryOf } from '../../core/api/rpc-views.ts'
import { toHex } from '../../core/base/bytes.ts'
import type { Engine, EngineOptions } from '../../core/chain/engine-api.ts'
import { genesisPostings } from '../../core/chain/ledger.ts'
import { addBlocks } from '../../d1/chain-index.ts'
import { freshTransactions } from '../../durable-objects/chain/fresh-transactions.ts'
import type { AppEnv } from '../../workers/context.ts'
import { failureResponse } from '../../workers/gateway/errors.ts'
import { chainListRoutes } from '../../workers/routes/chain-lists.ts'
import { alice, bob, genesis, mustOpen, type Person, sign, timeOf } from './chain-world.ts'
import { createMemoryChainStore } from './memory-chain-store.ts'
import { createSqliteD1 } from './sqlite-d1.ts'

/** What a test holds of such a site. */
export type ListWorld = ReturnType<typeof createListWorld>

/** A site's chain and read model, reached through the routes. */
export function createListWorld(
  options: Pick<EngineOptions, 'store'> & Partial<EngineOptions> = {
    store: createMemoryChainStore(),
  },
) {
  const engine = mustOpen(options)
  const of = options.genesis ?? genesis
  const { d1 } = createSqliteD1()
  const env = { DB: d1, CHAIN_NODE: { idFromName: () => '', get: () => nodeOf(engine) } }
  const app = new Hono<AppEnv>()
    .use('*', async (c, next) => {
      c.set('config', { genesis: of, chainUpstream: undefined } as never)
      c.set('now', timeOf(900))
      await next()
    })
    .route('/', chainListRoutes)
  app.onError(failureResponse)
  const nonces = new Map<Person, bigint>([
    [alice, 0n],
    [bob, 0n],
  ])
  let slot = 1
  let indexed = -1
  return {
    env,
    engine,
    genesisTime: (at: number) => new Date(timeOf(at)).toISOString(),
    slot: () => slot,
    /** Pools a transaction of somebody. */
    post: (by: Person, message: Parameters<typeof sign>[0]['message']) => {
      const nonce = nonces.get(by) ?? 0n
      const bytes = sign({ by, nonce, message, validUntil: BigInt(slot + 50), of })
      const [verdict] = engine.submit([bytes], timeOf(slot))
      expect(verdict).toMatchObject({ ok: true })
      nonces.set(by, nonce + 1n)
      return bytes
    },
    /** Makes a block of what is pooled. */
    seal: () => {
      engine.tick(timeOf(slot))
      slot += 1
    },
    /** Lets time pass without a block. */
    wait: (slots: number) => {
      slot += slots
    },
    /** Lets that many blocks reach the read model. */
    index: async (count: number) => {
      const blocks = engine.finalizedFrom(indexed + 1, count)
      await addBlocks(d1, {
        genesisHash: toHex(engine.genesisHash),
        genesisTimeMs: Number(genesis.genesisTimeMs),
        blocks,
        isFirst: indexed < 0,
        genesisAccounts: [],
        genesisPostings: genesisPostings(of),
        partiesOf: () => undefined,
        accountOf: () => ({ balance: 0, nonce: 0 }),
      })
      indexed += blocks.length
    },
    ask: (path: string) => app.request(path, {}, env as never),
  }
}

/** Miners by what they were paid. */
export const miners = (world: ListWorld, query = '') =>
  read<ListedMiner>(world, `/miners${query}`, minerListAnswer)

/** Figures by hour or day. */
export async function stats(world: ListWorld, query = ''): Promise<StatsAnswer> {
  const response = await world.ask(`/stats${query}`)
  const json: unknown = await response.json()
  expect([response.status, json]).toMatchObject([200, {}])
  return statsAnswer.parse(json)
}

const nodeOf = (engine: Engine) => ({
  head: async () => engine.head(),
  blocks: async ({ from, to }: { from: number; to: number }) => {
    const views = []
    for (let height = from; height <= to; height++) views.push(engine.blockAt(height))
    return views.filter((view) => view !== undefined).map(summaryOf)
  },
  freshTransactions: async (ask: Parameters<typeof freshTransactions>[1]) =>
    freshTransactions(engine, ask),
})

async function read<T>(
  world: ListWorld,
  path: string,
  schema: z.ZodType<ListAnswer<T>>,
): Promise<ListAnswer<T>> {
  const response = await world.ask(path)
  const json: unknown = await response.json()
  expect([response.status, json]).toMatchObject([200, {}])
  return schema.parse(json)
}

/** A page of blocks, checked against its schema. */
export const blocks = (world: ListWorld, query = '') =>
  read<ListedBlock>(world, `/blocks${query}`, blockListAnswer)
/** A page of transactions. */
export const transactions = (world: ListWorld, query = '') =>
  read<ListedTransaction>(world, `/transactions${query}`, transactionListAnswer)
/** A page of receipts. */
export const receipts = (world: ListWorld, query = '') =>
  read<ListedReceipt>(world, `/receipts${query}`, receiptListAnswer)
