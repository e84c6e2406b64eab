/** A site that follows another's chain over HTTP passes on what it is asked of the chain. */
import { createMiddleware } from 'hono/factory'
import { forwardToUpstream } from '../chain-client.ts'
import type { AppEnv } from '../context.ts'

/** Answers out of the followed site where there is one; else the routes after it do. */
export const followed = createMiddleware<AppEnv>(async (c, next) => {
  const { chainUpstream } = c.get('config')
  if (chainUpstream === undefined) return next()
  return forwardToUpstream(c.req.raw, chainUpstream)
})
