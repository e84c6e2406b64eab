/** `/rpc/snapshots`: states from which a site can begin. */
import * as z from 'zod'
import { type EndpointFamily, endpoint } from '../endpoint.ts'
import { snapshotsSchema } from '../schemas/snapshots.ts'
import { exampleValues } from './example-values.ts'
import { chainErrors } from './failures.ts'

const rpc = { method: 'GET', auth: 'none' } as const
const bytes = 'application/octet-stream'

const height = z
  .string()
  .regex(/^[0-9]{1,15}$/)
  .describe('Height of the snapshot')

/** Snapshots: see the rules SNAP of the chain. */
export const snapshotsFamily = {
  id: 'snapshots',
  title: 'Snapshots',
  description:
    'The whole state at a final height, for sites that need not replay from genesis. The description shows the block by certificates from genesis on, and names the chunks; each chunk is checked alone.',
  endpoints: [
    endpoint({
      ...rpc,
      id: 'listSnapshots',
      path: '/rpc/snapshots',
      summary: 'List the snapshots that this site keeps',
      answers: [{ status: 200, description: 'Snapshots, newest first', schema: snapshotsSchema }],
      errors: chainErrors,
      example: {},
    }),
    endpoint({
      ...rpc,
      id: 'getSnapshot',
      path: '/rpc/snapshots/{height}',
      summary: 'Read the description of a snapshot',
      params: z.object({ height }),
      answers: [{ status: 200, description: 'Canonical bytes', mediaType: bytes }],
      errors: [...chainErrors, 'VALIDATION_ERROR', 'NOT_FOUND'],
      example: { params: { height: exampleValues.snapshot } },
    }),
    endpoint({
      ...rpc,
      id: 'getSnapshotPart',
      path: '/rpc/snapshots/{height}/{part}',
      summary: 'Read a chunk of a snapshot, or its block',
      params: z.object({
        height,
        part: z
          .string()
          .regex(/^(?:block|[0-9]{1,15})$/)
          .describe('Number of the chunk from 0 on, or block'),
      }),
      answers: [
        { status: 200, description: 'Entries of the state, or the block', mediaType: bytes },
      ],
      errors: [...chainErrors, 'VALIDATION_ERROR', 'NOT_FOUND'],
      example: { params: { height: exampleValues.snapshot, part: '0' } },
    }),
  ],
} as const satisfies EndpointFamily
