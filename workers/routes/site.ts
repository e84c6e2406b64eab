/**
 * The site about itself: chain, coordinator, limits, models and prices. Open to everybody.
 */
import { Hono } from 'hono'
import { modelListView, siteView } from '../../core/api/jobs-site.ts'
import type { AppContext, AppEnv } from '../context.ts'
import { countOpen } from '../gateway/limiter.ts'

export const siteRoutes = new Hono<AppEnv>().get('/site', site).get('/models', models)

async function site(c: AppContext): Promise<Response> {
  await countOpen(c)
  return c.json(siteView(await c.get('coordinator').site(), c.get('config')))
}

/** One list for both readers: OpenAI's fields and ours side by side. */
async function models(c: AppContext): Promise<Response> {
  await countOpen(c)
  return c.json(modelListView(await c.get('coordinator').site()))
}
