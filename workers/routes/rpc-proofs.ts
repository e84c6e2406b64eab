/** `/rpc/proof`: finalized facts that a client can check with the authorities' keys alone. */
import { Hono } from 'hono'
import type { ProofSubject } from '../../core/api/chain-service.ts'
import { proofToJson } from '../../core/api/rpc-views.ts'
import { chainNodeOf } from '../chain-client.ts'
import type { AppContext, AppEnv } from '../context.ts'
import { ApiFailure } from '../failure.ts'
import { mount } from './mount.ts'
import { readAddress, readHash } from './rpc-input.ts'

export const rpcProofRoutes = mount(new Hono<AppEnv>(), {
  proveTransaction: (c, asked) =>
    proof(c, { kind: 'transaction', hash: readHash(asked.texts(c).hash, 'hash') }),
  proveAccount: (c, asked) =>
    proof(c, { kind: 'account', address: readAddress(asked.texts(c).address) }),
  proveEscrow: (c, asked) => proof(c, { kind: 'escrow', id: readHash(asked.texts(c).id, 'id') }),
  proveBooking: (c, asked) => proof(c, { kind: 'booking', id: readHash(asked.texts(c).id, 'id') }),
  proveBond: (c, asked) => proof(c, { kind: 'bond', address: readAddress(asked.texts(c).address) }),
})

async function proof(c: AppContext, subject: ProofSubject): Promise<Response> {
  const answer = await chainNodeOf(c.env).proof(subject)
  if ('code' in answer) throw new ApiFailure(answer)
  return c.json(proofToJson(answer))
}
