/**
 * Everything that the coordinator answers over HTTP, as one app: mounted under `/api/v1`, `/api` and `/v1`.
 */
import { Hono } from 'hono'
import type { AppEnv } from '../context.ts'
import { escrowRoutes } from './escrow.ts'
import { jobRoutes } from './jobs.ts'
import { minerRoutes } from './miners.ts'
import { openAiRoutes } from './openai.ts'
import { siteRoutes } from './site.ts'

export const coordinatorRoutes = new Hono<AppEnv>()
  .route('/', siteRoutes)
  .route('/', jobRoutes)
  .route('/', escrowRoutes)
  .route('/', minerRoutes)
  .route('/', openAiRoutes)
