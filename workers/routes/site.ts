/**
 * The site about itself: chain, coordinator, limits, models and prices. Open to everybody.
 */
import { Hono } from 'hono'
import { onlineMinersView, publicJobView } from '../../core/api/coordinator-public.ts'
import { modelListView, siteView } from '../../core/api/jobs-site.ts'
import type { AppContext, AppEnv } from '../context.ts'
import { ApiFailure } from '../failure.ts'
import { countOpen } from '../gateway/limiter.ts'
import { mount } from './mount.ts'
import { jobIdOf } from './request.ts'

export const siteRoutes = mount(new Hono<AppEnv>(), {
  getSite: site,
  listOnlineMiners: miners,
  readPublicJob: job,
  listModels: models,
})

async function site(c: AppContext): Promise<Response> {
  await countOpen(c)
  const config = c.get('config')
  const v1_upstream = config.v1Mock === undefined ? 'coordinator' : 'mock'
  return c.json({ ...siteView(await c.get('coordinator').site(), config), v1_upstream })
}

/** Who offers what, now. */
async function miners(c: AppContext): Promise<Response> {
  await countOpen(c)
  return c.json(onlineMinersView(await c.get('coordinator').onlineMiners(), c.get('now')))
}

/** How somebody's job goes. */
async function job(c: AppContext): Promise<Response> {
  await countOpen(c)
  const found = await c.get('coordinator').publicJob(jobIdOf(c))
  if (!found) throw new ApiFailure({ code: 'JOB_NOT_FOUND' })
  return c.json(publicJobView(found))
}

/** One list for both readers: OpenAI's fields and ours side by side. */
async function models(c: AppContext): Promise<Response> {
  await countOpen(c)
  return c.json(modelListView(await c.get('coordinator').site()))
}
