/**
 * The escrow behind an API key, where the site does not fund keys itself (any chain but a devnet). The
 * owner opens it on the chain, grants the key's delegate a budget, and links it here.
 * Rules: coordinator-SPEC.md, ESCROWHTTP.
 */
import { Hono } from 'hono'
import { requirePrincipal } from '../auth.ts'
import type { AppContext, AppEnv } from '../context.ts'
import { ApiFailure } from '../failure.ts'
import { type Asked, mount } from './mount.ts'
import { orThrow } from './request.ts'

export const escrowRoutes = mount(new Hono<AppEnv>(), { linkEscrow: link })

async function link(c: AppContext, asked: Asked<'linkEscrow'>): Promise<Response> {
  const who = await requirePrincipal(c, 'client')
  if (who.kind !== 'api_key') {
    throw new ApiFailure({
      code: 'AUTHORIZATION_ERROR',
      message: 'An account needs no link: it names the escrow in each authorisation.',
    })
  }
  const { escrow } = await asked.body(c)
  orThrow(await c.get('coordinator').linkEscrow(who, escrow))
  return c.json({ escrow, linked: true })
}
