/**
 * Every endpoint that a site answers, one table. A test compares it with what the Worker registers, both
 * ways, and calls each. Rules: ../SPEC.md, OPENAPI.
 */
import type { Endpoint } from '../endpoint.ts'
import { signInFamily, usersFamily } from './account.ts'
import { accountFamily } from './account-keys.ts'
import { adminFamily } from './admin.ts'
import { chainListsFamily } from './chain-lists.ts'
import { chatFamily } from './chat.ts'
import { blockchainFamily, statusFamily, toolsFamily } from './contract.ts'
import { dispatchFamily } from './dispatch.ts'
import { explorerFamily } from './explorer.ts'
import { escrowFamily, jobsFamily } from './jobs.ts'
import { marketFamily } from './market.ts'
import { marketplaceFamily } from './marketplace.ts'
import { minerDeskFamily } from './miner-desk.ts'
import { minersFamily } from './miners.ts'
import { ollamaFamily } from './ollama.ts'
import { paymentsFamily } from './payments.ts'
import { reputationFamily } from './reputation.ts'
import { accountsFamily, blocksFamily, chainFamily } from './rpc-chain.ts'
import { lightFamily, proofsFamily } from './rpc-proofs.ts'
import { snapshotsFamily } from './rpc-snapshots.ts'
import { sitesFamily } from './rpc-sync.ts'
import {
  receiptsFamily,
  sendingFamily,
  streamsFamily,
  transactionsFamily,
} from './rpc-transactions.ts'
import { servicesFamily } from './services.ts'
import { healthFamily, siteFamily } from './site.ts'
import { walletFamily } from './wallet.ts'

/** In the order of the reference. */
export const endpointFamilies = [
  chatFamily,
  ollamaFamily,
  jobsFamily,
  dispatchFamily,
  escrowFamily,
  paymentsFamily,
  servicesFamily,
  marketFamily,
  marketplaceFamily,
  siteFamily,
  signInFamily,
  usersFamily,
  accountFamily,
  walletFamily,
  minersFamily,
  minerDeskFamily,
  reputationFamily,
  toolsFamily,
  chainFamily,
  chainListsFamily,
  blocksFamily,
  transactionsFamily,
  accountsFamily,
  receiptsFamily,
  proofsFamily,
  lightFamily,
  sendingFamily,
  streamsFamily,
  sitesFamily,
  snapshotsFamily,
  explorerFamily,
  blockchainFamily,
  statusFamily,
  healthFamily,
  adminFamily,
] as const

/** One row of the table, with its own types. */
export type TableEndpoint = (typeof endpointFamilies)[number]['endpoints'][number]

/** Names of all endpoints: the `operationId`s. */
export type EndpointId = TableEndpoint['id']

/** All endpoints, in the order of the reference. */
export const endpoints: readonly (Endpoint & { readonly id: EndpointId })[] =
  endpointFamilies.flatMap((family) => [...family.endpoints])
