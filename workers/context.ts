/**
 * What every route may use: set once per request by the gateway, so that routes hold no platform state.
 */
import type { Context } from 'hono'
import type { ProfileRecord } from '../core/api/account-service.ts'
import type { ChainService } from '../core/api/chain-service.ts'
import type { CoordinatorService } from '../core/api/coordinator-service.ts'
import type { MarketService } from '../core/api/market-service.ts'
import type { Principal } from '../core/auth/principal.ts'
import type { Config } from './config.ts'
import type { Env } from './env.ts'

export type AppEnv = {
  Bindings: Env
  Variables: {
    config: Config
    /** Local object, or the followed site's chain by HTTP. */
    chain: ChainService
    coordinator: CoordinatorService
    market: MarketService
    /** Hands a WebSocket upgrade to the coordinator object as it came. */
    coordinatorFetch: (request: Request) => Promise<Response>
    /** Who calls, where the route's family uses the middleware of `session.ts`. */
    principal?: Principal | undefined
    /** The profile behind a session. */
    profile?: ProfileRecord
    /** The token of a session, where it came in a header. */
    sessionToken?: string
    requestId: string
    /** Unix milliseconds at the start of the request. */
    now: number
  }
}

export type AppContext = Context<AppEnv>
