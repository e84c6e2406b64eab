/** Typed services of the original, as ordinary jobs. Rules: contract-SPEC.md, SERVICES. */
import { Hono } from 'hono'
import * as z from 'zod'
import type { JobRecord } from '../../core/api/coordinator-service.ts'
import { submitJobSchema, validated } from '../../core/api/jobs-requests.ts'
import { jobView } from '../../core/api/jobs-views.ts'
import { payloadOfService, type Service, serviceAt, services } from '../../core/api/services.ts'
import { requirePrincipal } from '../auth.ts'
import type { AppContext, AppEnv } from '../context.ts'
import { ApiFailure } from '../failure.ts'
import { countOpen } from '../gateway/limiter.ts'
import { submission } from './jobs.ts'
import { type Asked, mount } from './mount.ts'
import { orThrow } from './request.ts'

export const serviceRoutes = mount(new Hono<AppEnv>(), {
  listServices: list,
  getServiceSchema: schema,
  createServiceJob: (c, asked) => create(c, asked, asked.texts(c).type),
  createServiceActionJob: (c, asked) => {
    const { service, action } = asked.texts(c)
    return create(c, asked, `${service}/${action}`)
  },
})

async function list(c: AppContext): Promise<Response> {
  await countOpen(c)
  const { models } = await c.get('coordinator').site()
  const served = models.map(({ name }) => name)
  return c.json({ services: services.map((service) => serviceView(service, served)) })
}

function serviceView(service: Service, served: readonly string[]) {
  const models = servedBy(service, served)
  return {
    type: service.type,
    name: service.name,
    description: service.description,
    path: `/api/v1/services/${service.actions[0]?.path ?? service.type}`,
    models,
    constraints: {
      ttl_seconds: service.ttlSeconds({ frame_start: 1, frame_end: 1, frame_step: 1 }),
    },
    available: models.length > 0,
  }
}

/** Which of the models that are served now do this kind of work, as far as their names say. */
function servedBy(service: Service, served: readonly string[]): string[] {
  const isKind: Record<string, (name: string) => boolean> = {
    whisper: (name) => name.startsWith('whisper-'),
    stable_diffusion: (name) => name.startsWith('stable-diffusion'),
    ffmpeg: (name) => name === 'ffmpeg',
    blender: (name) => name === 'blender',
  }
  const others = Object.values(isKind)
  const own = isKind[service.type] ?? ((name: string) => !others.some((each) => each(name)))
  return served.filter(own)
}

async function schema(c: AppContext): Promise<Response> {
  await countOpen(c)
  const { service } = found(c.req.param('type') ?? '')
  return c.json({
    service_type: service.type,
    schema: z.toJSONSchema(service.request, { io: 'input' }) as Record<string, unknown>,
  })
}

async function create(
  c: AppContext,
  asked: Pick<Asked<'createServiceJob'>, 'body'>,
  name: string,
): Promise<Response> {
  const who = await requirePrincipal(c, 'client')
  const body = await asked.body(c)
  const { service, action } = found(name)
  const { limit, payment_amount, constraints, authorisation, authorisation_signature, ...given } =
    body
  const request = orThrow(validated(service.request, given, 'body'))
  const how = { limit, payment_amount, constraints, authorisation, authorisation_signature }
  const job = orThrow(
    validated(
      submitJobSchema,
      {
        ...how,
        payload: payloadOfService(service, action, request),
        ttl_seconds: service.ttlSeconds(request),
      },
      'body',
    ),
  )
  const taken = await c.get('coordinator').submitJob(who, await submission(c, who, job))
  const status = name === 'llm/stream' ? 200 : 201
  return c.json(serviceJobView(service, orThrow(taken)), status)
}

function serviceJobView(service: Service, job: JobRecord) {
  const { job_id, state, expires_at } = jobView(job)
  return { job_id, service_type: service.type, status: state, estimated_completion: expires_at }
}

function found(name: string): NonNullable<ReturnType<typeof serviceAt>> {
  const service = serviceAt(name)
  if (service) return service
  const known = services.flatMap(({ type, actions }) => [type, ...actions.map(({ path }) => path)])
  throw new ApiFailure({ code: 'SERVICE_UNKNOWN', details: { services: known } })
}
