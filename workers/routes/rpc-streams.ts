/** `/rpc/ws`: sockets go to the chain object as they came. */
import { Hono } from 'hono'
import { chainStub } from '../chain-client.ts'
import type { AppContext, AppEnv } from '../context.ts'
import { ApiFailure } from '../failure.ts'
import { mount } from './mount.ts'

export const rpcStreamRoutes = mount(new Hono<AppEnv>(), {
  streamBlocks: (c) => stream(c, 'blocks'),
  streamTransactions: (c) => stream(c, 'transactions'),
})

async function stream(c: AppContext, name: string): Promise<Response> {
  if (c.req.header('upgrade')?.toLowerCase() !== 'websocket') {
    throw new ApiFailure({ code: 'UPGRADE_REQUIRED' }, { upgrade: 'websocket' })
  }
  const request = new Request(`https://chain.local/rpc/ws/${name}`, {
    headers: { upgrade: 'websocket' },
  })
  const response = await chainStub(c.env).fetch(request)
  if (response.status === 101) return response
  if (response.status === 503) {
    const message = 'Too many listeners; try again shortly.'
    throw new ApiFailure({ code: 'CHAIN_UNAVAILABLE', message }, { 'retry-after': '30' })
  }
  throw new ApiFailure({ code: 'CHAIN_UNAVAILABLE' })
}
