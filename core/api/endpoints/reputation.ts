/** What everybody may know of a miner's work. */
import { type EndpointFamily, endpoint } from '../endpoint.ts'
import {
  heldListSchema,
  heldQuery,
  minerReceiptsQuery,
  minerReceiptsSchema,
  publicMinerParams,
  reputationSchema,
} from '../reputation-views.ts'
import { openErrors } from './failures.ts'
import { coordinatorAt } from './paths.ts'

const get = { method: 'GET', auth: 'none', params: publicMinerParams } as const
const errors = [...openErrors, 'VALIDATION_ERROR', 'MINER_NOT_FOUND'] as const
const example = { params: { id: 'miner-A' } } as const

/** Reputation, its receipts, and payments that are held. */
export const reputationFamily = {
  id: 'reputation',
  title: 'Reputation of miners',
  description:
    'One number from 0 to 1, computed from signed receipts whose payment is final and from nothing else. The receipts are listed, so that everybody can compute it anew; and so is what a site holds back, with its reasons.',
  endpoints: [
    endpoint({
      ...get,
      ...coordinatorAt('/miners/{id}/reputation'),
      id: 'getMinerReputation',
      summary: 'Read the reputation of a miner, with its figures and its formula',
      answers: [{ status: 200, description: 'The reputation', schema: reputationSchema }],
      errors,
      example,
    }),
    endpoint({
      ...get,
      ...coordinatorAt('/miners/{id}/receipts'),
      id: 'listMinerReceipts',
      summary: 'List the receipts behind a reputation',
      description:
        'Canonical receipts with the miner’s signature and the settlement that paid each, newest first. Hashes of question and answer, no text of either.',
      query: minerReceiptsQuery,
      answers: [{ status: 200, description: 'A page', schema: minerReceiptsSchema }],
      errors: [...errors, 'CURSOR_INVALID'],
      example: { ...example, query: { limit: '2' } },
    }),
    endpoint({
      ...get,
      ...coordinatorAt('/miners/{id}/held'),
      id: 'listHeldResults',
      summary: 'List the payments of a miner that are held, with the reasons',
      description:
        'Results that were delivered and are not paid yet, because something about them is not plausible; and what became of earlier ones. Nobody is ever paid for one that was not released.',
      query: heldQuery,
      answers: [{ status: 200, description: 'The newest', schema: heldListSchema }],
      errors,
      example,
    }),
  ],
} as const satisfies EndpointFamily
