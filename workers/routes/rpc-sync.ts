/**
 * `/rpc`: talking to other sites of the chain (`/sync/`), how this one stands among them (`/peers`), and
 * the operator's word on signing. Bodies under `/sync/` are canonical bytes (core/chain/sync-wire.ts).
 */
import { Hono } from 'hono'
import { peersToJson } from '../../core/api/rpc-peers.ts'
import { signedRequestHeaders } from '../../core/api/signed-request.ts'
import type { SyncReply } from '../../core/api/sync-service.ts'
import { announceBytesMax, pullAskBytesMax } from '../../core/chain/limits.ts'
import { syncMediaType } from '../../core/chain/sync-wire.ts'
import { requirePrincipal } from '../auth.ts'
import { chainNodeOf } from '../chain-client.ts'
import type { AppContext, AppEnv } from '../context.ts'
import { ApiFailure } from '../failure.ts'
import { countByAddress } from '../gateway/limiter.ts'
import { mount } from './mount.ts'

export const rpcSyncRoutes = mount(new Hono<AppEnv>(), {
  getPeers: async (c) => c.json(peersToJson(await chainNodeOf(c.env).peers())),
  pullBlocks: async (c) => {
    const ask = await readBytes(c, pullAskBytesMax)
    return bytesResponse(await chainNodeOf(c.env).pull(ask))
  },
  announceBlocks: async (c) => {
    const { from, timestampMs } = await signerOf(c)
    const bytes = await readBytes(c, announceBytesMax)
    const reply = await chainNodeOf(c.env).announce({ from, timestampMs, bytes })
    // A key costs nothing: whose is no authority's counts like anybody.
    if (!reply.ok && reply.code === 'AUTHORITY_REQUIRED') await countByAddress(c)
    return bytesResponse(reply)
  },
  resumeSigning: (c) => setSigning(c, 'resume'),
  suspendSigning: (c) => setSigning(c, 'suspend'),
})

async function setSigning(c: AppContext, to: 'resume' | 'suspend'): Promise<Response> {
  const { from: by, timestampMs } = await signerOf(c)
  const verdict = await chainNodeOf(c.env).setSigning({ by, timestampMs, to })
  if (verdict.ok) return c.json({ signing: verdict.signing })
  await countByAddress(c)
  if (verdict.code === 'AUTHORITY_REQUIRED') {
    const message = 'This wants a request signed with the AUTHORITY_KEY of this very site.'
    throw new ApiFailure({ code: verdict.code, message })
  }
  const message = 'This request, or a later one, has been taken already; sign it anew.'
  throw new ApiFailure({ code: verdict.code, message, details: { now_ms: c.get('now') } })
}

/** Who signed the request. Whether that is an authority, the chain object knows. */
async function signerOf(
  c: AppContext,
): Promise<{ readonly from: Uint8Array; readonly timestampMs: number }> {
  if (c.req.header(signedRequestHeaders.publicKey) === undefined) {
    throw new ApiFailure({
      code: 'AUTHENTICATION_ERROR',
      message: 'This wants a request signed by an authority.',
    })
  }
  const principal = await requirePrincipal(c, 'client')
  if (principal.kind !== 'account') throw new ApiFailure({ code: 'AUTHENTICATION_ERROR' })
  const timestampMs = Number(c.req.header(signedRequestHeaders.timestampMs))
  return { from: principal.publicKey, timestampMs }
}

async function readBytes(c: AppContext, bytesMax: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(await c.req.arrayBuffer())
  if (bytes.length > bytesMax) throw new ApiFailure({ code: 'BODY_TOO_LARGE' })
  return bytes
}

function bytesResponse(reply: SyncReply): Response {
  if (!reply.ok) throw new ApiFailure({ code: reply.code, message: reply.message })
  return new Response(reply.bytes, { headers: { 'content-type': syncMediaType } })
}
