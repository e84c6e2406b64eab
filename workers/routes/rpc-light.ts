/** `/rpc/light`: what a light client needs to follow the chain and to check facts under its newest block. */
import { Hono } from 'hono'
import type { ProofSubject } from '../../core/api/chain-service.ts'
import { lightAnswerToJson, lightUpdateToJson } from '../../core/api/light-json.ts'
import { rpcQueries } from '../../core/api/rpc-queries.ts'
import { lightAnswerCoder } from '../../core/chain/light-coders.ts'
import type { LightAnswer } from '../../core/chain/light-fact.ts'
import { chainNodeOf } from '../chain-client.ts'
import type { AppContext, AppEnv } from '../context.ts'
import { ApiFailure } from '../failure.ts'
import { readHash, readListQuery, readLookup } from './rpc-input.ts'

export const rpcLightRoutes = new Hono<AppEnv>()
  .get('/light', async (c) => {
    const { from, to } = readListQuery(c, rpcQueries.lightUpdate)
    const update = await chainNodeOf(c.env).lightUpdate(from, to)
    if (wantsBytes(c)) return inBytes({ update, fact: undefined, path: [] })
    return c.json(lightUpdateToJson(update))
  })
  .get('/light/proof/transaction/:hash', (c) =>
    proof(c, { kind: 'transaction', hash: readHash(c.req.param('hash'), 'hash') }),
  )
  .get('/light/proof/account/:address', (c) => {
    const lookup = readLookup(c.req.param('address'))
    if (lookup.kind === 'legacy') throw new ApiFailure({ code: 'ADDRESS_LEGACY' })
    return proof(c, { kind: 'account', address: lookup.address })
  })
  .get('/light/proof/escrow/:id', (c) =>
    proof(c, { kind: 'escrow', id: readHash(c.req.param('id'), 'id') }),
  )
  .get('/light/proof/booking/:id', (c) =>
    proof(c, { kind: 'booking', id: readHash(c.req.param('id'), 'id') }),
  )
  .get('/light/proof/bond/:address', (c) => {
    const lookup = readLookup(c.req.param('address'))
    if (lookup.kind === 'legacy') throw new ApiFailure({ code: 'ADDRESS_LEGACY' })
    return proof(c, { kind: 'bond', address: lookup.address })
  })

async function proof(c: AppContext, subject: ProofSubject): Promise<Response> {
  const answer = await chainNodeOf(c.env).lightProof(subject, readFrom(c))
  if ('code' in answer) throw new ApiFailure(answer)
  return wantsBytes(c) ? inBytes(answer) : c.json(lightAnswerToJson(answer))
}

/** Height of the block that the caller has verified; without one, block 0. */
const readFrom = (c: AppContext): number => readListQuery(c, rpcQueries.light).from

const bytesType = 'application/octet-stream'

const wantsBytes = (c: AppContext): boolean => c.req.header('accept') === bytesType

const inBytes = (answer: LightAnswer): Response =>
  new Response(lightAnswerCoder.encode(answer) as Uint8Array<ArrayBuffer>, {
    headers: { 'content-type': bytesType },
  })
