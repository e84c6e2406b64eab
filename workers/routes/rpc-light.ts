/** `/rpc/light`: what a light client needs to follow the chain and to check facts under its newest block. */
import { Hono } from 'hono'
import type { ProofSubject } from '../../core/api/chain-service.ts'
import { lightAnswerToJson, lightUpdateToJson } from '../../core/api/light-json.ts'
import { lightAnswerCoder } from '../../core/chain/light-coders.ts'
import type { LightAnswer } from '../../core/chain/light-fact.ts'
import { chainNodeOf } from '../chain-client.ts'
import type { AppContext, AppEnv } from '../context.ts'
import { ApiFailure } from '../failure.ts'
import { type Asked, mount } from './mount.ts'
import { originalReaders, readAddress, readHash } from './rpc-input.ts'

export const rpcLightRoutes = mount(
  new Hono<AppEnv>(),
  {
    getLightUpdate: async (c, asked) => {
      const { from, to } = asked.query(c)
      const update = await chainNodeOf(c.env).lightUpdate(from, to)
      if (wantsBytes(c)) return inBytes({ update, fact: undefined, path: [] })
      return c.json(lightUpdateToJson(update))
    },
    getLightTransaction: (c, asked) =>
      proof(c, asked, { kind: 'transaction', hash: readHash(asked.texts(c).hash, 'hash') }),
    getLightAccount: (c, asked) =>
      proof(c, asked, { kind: 'account', address: readAddress(asked.texts(c).address) }),
    getLightEscrow: (c, asked) =>
      proof(c, asked, { kind: 'escrow', id: readHash(asked.texts(c).id, 'id') }),
    getLightBooking: (c, asked) =>
      proof(c, asked, { kind: 'booking', id: readHash(asked.texts(c).id, 'id') }),
    getLightBond: (c, asked) =>
      proof(c, asked, { kind: 'bond', address: readAddress(asked.texts(c).address) }),
  },
  originalReaders,
)

type Fact = Asked<
  'getLightTransaction' | 'getLightAccount' | 'getLightEscrow' | 'getLightBooking' | 'getLightBond'
>

/** `from`: height of the block that the caller has verified; without one, block 0. */
async function proof(c: AppContext, asked: Fact, subject: ProofSubject): Promise<Response> {
  const { from } = asked.query(c)
  const answer = await chainNodeOf(c.env).lightProof(subject, from)
  if ('code' in answer) throw new ApiFailure(answer)
  return wantsBytes(c) ? inBytes(answer) : c.json(lightAnswerToJson(answer))
}

const bytesType = 'application/octet-stream'

const wantsBytes = (c: AppContext): boolean => c.req.header('accept') === bytesType

const inBytes = (answer: LightAnswer): Response =>
  new Response(lightAnswerCoder.encode(answer) as Uint8Array<ArrayBuffer>, {
    headers: { 'content-type': bytesType },
  })
