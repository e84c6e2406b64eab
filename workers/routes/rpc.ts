/**
 * `/rpc`: the chain's public interface, the union of the original's two variants on real data. A site that
 * follows another's chain passes everything on.
 */
import { Hono } from 'hono'
import type { AppEnv } from '../context.ts'
import { followed } from './follow.ts'
import { rpcAccountRoutes } from './rpc-accounts.ts'
import { rpcBlockRoutes } from './rpc-blocks.ts'
import { rpcImportRoutes } from './rpc-import.ts'
import { rpcLightRoutes } from './rpc-light.ts'
import { rpcProofRoutes } from './rpc-proofs.ts'
import { rpcReceiptRoutes } from './rpc-receipts.ts'
import { rpcSnapshotRoutes } from './rpc-snapshots.ts'
import { rpcStatusRoutes } from './rpc-status.ts'
import { rpcStreamRoutes } from './rpc-streams.ts'
import { rpcSubmitRoutes } from './rpc-submit.ts'
import { rpcSyncRoutes } from './rpc-sync.ts'
import { rpcTransactionRoutes } from './rpc-transactions.ts'

/** Mounted at `/rpc`. */
export const rpcRoutes = new Hono<AppEnv>()
  .use('*', followed)
  .route('/', rpcStatusRoutes)
  .route('/', rpcBlockRoutes)
  .route('/', rpcTransactionRoutes)
  .route('/', rpcAccountRoutes)
  .route('/', rpcReceiptRoutes)
  .route('/', rpcProofRoutes)
  .route('/', rpcLightRoutes)
  .route('/', rpcSubmitRoutes)
  .route('/', rpcStreamRoutes)
  .route('/', rpcImportRoutes)
  .route('/', rpcSyncRoutes)
  .route('/', rpcSnapshotRoutes)
