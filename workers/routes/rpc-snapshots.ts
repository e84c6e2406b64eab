/** `/rpc/snapshots`: states at final heights, part by part, for sites that begin there. */
import { Hono } from 'hono'
import { snapshotsToJson } from '../../core/api/schemas/snapshots.ts'
import type { SnapshotPart } from '../../core/chain/engine-snapshot.ts'
import { chainNodeOf } from '../chain-client.ts'
import type { AppContext, AppEnv } from '../context.ts'
import { ApiFailure } from '../failure.ts'
import { mount } from './mount.ts'

export const rpcSnapshotRoutes = mount(new Hono<AppEnv>(), {
  listSnapshots: async (c) => c.json(snapshotsToJson(await chainNodeOf(c.env).snapshots())),
  getSnapshot: (c, asked) => answerPart(c, asked.texts(c).height, 'description'),
  getSnapshotPart: (c, asked) => {
    const { height, part } = asked.texts(c)
    return answerPart(c, height, part === 'block' ? part : readNumber(part, 'part'))
  },
})

async function answerPart(
  c: AppContext,
  heightText: string,
  part: SnapshotPart,
): Promise<Response> {
  const height = readNumber(heightText, 'height')
  const bytes = await chainNodeOf(c.env).snapshotPart({ height, part })
  if (!bytes) {
    const message = 'There is no such part: /rpc/snapshots lists the snapshots that are kept.'
    throw new ApiFailure({ code: 'NOT_FOUND', message })
  }
  return new Response(bytes as Uint8Array<ArrayBuffer>, {
    headers: {
      'content-type': 'application/octet-stream',
      // A final state does not change, and whoever reads a part checks it.
      'cache-control': 'public, max-age=31536000, immutable',
    },
  })
}

function readNumber(text: string, name: string): number {
  if (/^[0-9]{1,15}$/.test(text)) return Number(text)
  const message = 'not a whole number'
  throw new ApiFailure({
    code: 'VALIDATION_ERROR',
    message: `${name}: ${message}`,
    details: [{ field: `path.${name}`, message, code: 'invalid' }],
  })
}
