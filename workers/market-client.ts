/** The market object as its callers see it: one a site, named `default`; and its read model. */
import type { MarketService } from '../core/api/market-service.ts'
import { fromHex } from '../core/base/bytes.ts'
import { marketIndex } from '../d1/market-index.ts'
import { marketQueries } from '../d1/market-query.ts'
import type { MarketReadModel } from '../durable-objects/market/ports.ts'
import type { Env } from './env.ts'
import { idOf, whenCalled } from './object-ids.ts'

/** The object by its typed methods: native RPC, whose generic types would be `never`. */
export const marketOf = (env: Env): MarketService =>
  whenCalled(() => env.MARKET.get(idOf(env.MARKET, 'default')) as unknown as MarketService & object)

/** What the object writes to the read model, and what it reads of the chain's announcements. */
export function marketReadModel(db: D1Database): MarketReadModel {
  const index = marketIndex(db)
  return {
    put: index.put,
    prices: index.prices,
    said: async (after, limit) => {
      const rows = await marketQueries(db).announcements(after, limit)
      return rows.map((row) => {
        const body = fromHex(row.body)
        return { ...row, txHash: hash0x(row.txHash), body: body.ok ? body.value : new Uint8Array() }
      })
    },
  }
}

const hash0x = (hex: string): string => (hex.startsWith('0x') ? hex : `0x${hex}`)
