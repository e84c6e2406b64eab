/** `/rpc/proof`: finalized facts that a client can check with the authorities' keys alone. */
import { Hono } from 'hono'
import type { ProofSubject } from '../../core/api/chain-service.ts'
import { proofToJson } from '../../core/api/rpc-views.ts'
import { chainNodeOf } from '../chain-client.ts'
import type { AppContext, AppEnv } from '../context.ts'
import { ApiFailure } from '../failure.ts'
import { readHash, readLookup } from './rpc-input.ts'

export const rpcProofRoutes = new Hono<AppEnv>()
  .get('/proof/transaction/:hash', (c) =>
    proof(c, { kind: 'transaction', hash: readHash(c.req.param('hash'), 'hash') }),
  )
  .get('/proof/account/:address', (c) => {
    const lookup = readLookup(c.req.param('address'))
    if (lookup.kind === 'legacy') throw new ApiFailure({ code: 'ADDRESS_LEGACY' })
    return proof(c, { kind: 'account', address: lookup.address })
  })
  .get('/proof/escrow/:id', (c) =>
    proof(c, { kind: 'escrow', id: readHash(c.req.param('id'), 'id') }),
  )
  .get('/proof/booking/:id', (c) =>
    proof(c, { kind: 'booking', id: readHash(c.req.param('id'), 'id') }),
  )
  .get('/proof/bond/:address', (c) => {
    const lookup = readLookup(c.req.param('address'))
    if (lookup.kind === 'legacy') throw new ApiFailure({ code: 'ADDRESS_LEGACY' })
    return proof(c, { kind: 'bond', address: lookup.address })
  })

async function proof(c: AppContext, subject: ProofSubject): Promise<Response> {
  const answer = await chainNodeOf(c.env).proof(subject)
  if ('code' in answer) throw new ApiFailure(answer)
  return c.json(proofToJson(answer))
}
