/**
 * Everything that the coordinator answers over HTTP, as one app: mounted under `/api/v1`, `/api` and `/v1`.
 */
import { Hono } from 'hono'
import type { AppEnv } from '../context.ts'
import { accountRoutes } from './account.ts'
import { blockchainRoutes } from './blockchain.ts'
import { dispatchRoutes } from './dispatch.ts'
import { escrowRoutes } from './escrow.ts'
import { jobRoutes } from './jobs.ts'
import { minerDeskRoutes } from './miner-desk.ts'
import { minerRoutes } from './miners.ts'
import { openAiRoutes } from './openai.ts'
import { paymentRoutes } from './payments.ts'
import { reputationRoutes } from './reputation.ts'
import { serviceRoutes } from './services.ts'
import { siteRoutes } from './site.ts'
import { statusRoutes } from './status.ts'
import { toolRoutes } from './tools.ts'

export const coordinatorRoutes = new Hono<AppEnv>()
  .route('/', siteRoutes)
  .route('/', jobRoutes)
  .route('/', dispatchRoutes)
  .route('/', escrowRoutes)
  .route('/', accountRoutes)
  .route('/', paymentRoutes)
  .route('/', serviceRoutes)
  .route('/', minerRoutes)
  .route('/', minerDeskRoutes)
  .route('/', reputationRoutes)
  .route('/', toolRoutes)
  .route('/', statusRoutes)
  .route('/', blockchainRoutes)
  .route('/', openAiRoutes)
