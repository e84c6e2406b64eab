/** News of ended jobs: signed, delivered once they are on the disk, tried again, given up. */
import { createHmac } from 'node:crypto'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { webhookLimits } from '../../../core/jobs/webhook.ts'
import { person, transfer } from '../../support/chain-world.ts'
import { hold, join, only } from '../../support/coordinator-miners.ts'
import { createWorld, type World } from '../../support/coordinator-world.ts'

beforeEach(() => void vi.useFakeTimers({ now: 1_790_000_000_000 }))
afterEach(() => void vi.useRealTimers())

type News = {
  readonly url: string
  readonly body: string
  readonly headers: Record<string, string>
  readonly redirect: string
}

/** Somebody who is told, and what he answers: a status, or an error. */
function listener(answers: (count: number) => number | Error = () => 204) {
  const news: News[] = []
  const post = (async (url: string, init: RequestInit) => {
    news.push({
      url,
      body: String(init.body),
      headers: init.headers as Record<string, string>,
      redirect: String(init.redirect),
    })
    const answer = answers(news.length)
    if (answer instanceof Error) throw answer
    return new Response(null, { status: answer })
  }) as unknown as typeof fetch
  return { news, post }
}

const webhook = { url: 'https://hooks.example.org/jobs' }

const secretFor = (world: World): Buffer => {
  const { publicId } = world.whoIs(world.alice)
  const secret = world.parts().webhooks.makeSecret(publicId)
  expect(secret).toMatch(/^whsec_/)
  return Buffer.from(secret.slice('whsec_'.length), 'base64')
}

async function submit(world: World) {
  const job = { ...world.jobOf(world.alice, world.aliceEscrow, 'a question'), webhook }
  const taken = await world.parts().clientJobs.submit(world.whoIs(world.alice), job)
  if (!taken.ok) throw new Error(taken.error.code)
  return taken.value
}

const signatureOf = ({ headers, body }: News, secret: Buffer): string => {
  const signed = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`
  return `v1,${createHmac('sha256', secret).update(signed).digest('base64')}`
}

const list = (world: World) =>
  world.parts().webhooks.list(world.whoIs(world.alice).publicId, { limit: 10, before: undefined })

test('TOLD-1, TOLD-2: the end of a job is told, signed', async () => {
  const { news, post } = listener()
  const world = await createWorld({ post })
  const agent = await join(world, { name: 'miner-A', onOffer: hold })
  expect(
    await world.parts().clientJobs.submit(world.whoIs(world.alice), {
      ...world.jobOf(world.alice, world.aliceEscrow, 'too early'),
      webhook,
    }),
  ).toMatchObject({ error: { code: 'WEBHOOK_SECRET_MISSING' } })
  const secret = secretFor(world)
  const { jobId } = await submit(world)
  await world.pass(100)
  expect(news).toEqual([])
  agent.work(only(agent))
  await world.pass(1_000)
  const [told] = news
  if (!told || news.length !== 1) throw new Error(`told ${news.length} times`)
  expect(told).toMatchObject({ url: webhook.url, redirect: 'manual' })
  expect(told.headers['webhook-signature']).toBe(signatureOf(told, secret))
  expect(JSON.parse(told.body)).toMatchObject({
    type: 'job.completed',
    data: { job_id: jobId, state: 'completed', attempts: 1, error: null },
  })
  expect(told.body).not.toContain('a question')
  expect(list(world)).toMatchObject([
    {
      jobId,
      state: 'delivered',
      attempts: 1,
      lastStatus: 204,
      deliveryId: told.headers['webhook-id'],
    },
  ])
  await world.pass(60_000)
  expect(news).toHaveLength(1)
})

test('TOLD-1: a kill between end and delivery loses nothing, under one id', async () => {
  const { news, post } = listener((count) => (count === 1 ? new Error('gone') : 200))
  const world = await createWorld({ post })
  await join(world, { name: 'miner-A', onOffer: hold })
  secretFor(world)
  const { jobId } = await submit(world)
  world.parts().clientJobs.cancel(world.whoIs(world.alice), jobId)
  world.restart()
  await world.pass(1_000)
  expect(news).toHaveLength(1)
  world.restart()
  await world.pass(60_000)
  expect(news).toHaveLength(2)
  expect(new Set(news.map(({ headers }) => headers['webhook-id'])).size).toBe(1)
  expect(JSON.parse(news[1]?.body ?? '')).toMatchObject({ type: 'job.canceled' })
})

test('TOLD-3: what fails is tried with growing pauses, and given up', async () => {
  const { news, post } = listener((count) => (count % 2 === 0 ? 500 : 302))
  const world = await createWorld({ post })
  await join(world, { name: 'miner-A', onOffer: hold })
  secretFor(world)
  const { jobId } = await submit(world)
  world.parts().clientJobs.cancel(world.whoIs(world.alice), jobId)
  await world.pass(1_000)
  for (const [tries, pauseMs] of webhookLimits.pausesMs.entries()) {
    expect(news).toHaveLength(tries + 1)
    await world.pass(pauseMs + 2_000)
  }
  await world.pass(600_000)
  expect(news).toHaveLength(webhookLimits.pausesMs.length + 1)
  expect(list(world)).toMatchObject([{ state: 'failed', attempts: 7, lastError: 'answered 302' }])
})

test('TOLD-3: 410 ends it at once', async () => {
  const { news, post } = listener(() => 410)
  const world = await createWorld({ post })
  await join(world, { name: 'miner-A', onOffer: hold })
  secretFor(world)
  const { jobId } = await submit(world)
  world.parts().clientJobs.cancel(world.whoIs(world.alice), jobId)
  await world.pass(3_600_000)
  expect(news).toHaveLength(1)
  expect(list(world)).toMatchObject([{ state: 'failed', lastStatus: 410 }])
})

test('TOLD-2: while a secret is replaced, both sign', async () => {
  const { news, post } = listener()
  const world = await createWorld({ post })
  await join(world, { name: 'miner-A', onOffer: hold })
  const [older, newer] = [secretFor(world), secretFor(world)]
  const tell = async () => {
    const { jobId } = await submit(world)
    world.parts().clientJobs.cancel(world.whoIs(world.alice), jobId)
    await world.pass(1_000)
    const told = news.at(-1)
    if (!told) throw new Error('it was told')
    return [told, told.headers['webhook-signature']?.split(' ')] as const
  }
  const [first, both] = await tell()
  expect(both).toEqual([signatureOf(first, newer), signatureOf(first, older)])
  vi.setSystemTime(Date.now() + 86_400_000)
  await world.pass(10_000)
  const { engine, parts } = world
  expect(engine.head().height).toBeGreaterThan(0)
  expect(parts().webhooks.hasSecret(world.whoIs(world.alice).publicId)).toBe(true)
})

test('TOLD-4: only the owner sees deliveries, and the disk holds no secret', async () => {
  const { post } = listener()
  const world = await createWorld({ post })
  await join(world, { name: 'miner-A', onOffer: hold })
  const secret = secretFor(world)
  const { jobId } = await submit(world)
  world.parts().clientJobs.cancel(world.whoIs(world.alice), jobId)
  await world.pass(1_000)
  expect(list(world)).toHaveLength(1)
  const stranger = world.whoIs(person('bob')).publicId
  expect(world.parts().webhooks.list(stranger, { limit: 10, before: undefined })).toEqual([])
  const own = list(world)[0]?.deliveryId
  expect(world.parts().webhooks.list(stranger, { limit: 10, before: own })).toEqual([])
  const rows = world.rows<{ sealed: Uint8Array }>('SELECT sealed FROM webhook_secrets')
  expect(Buffer.from(rows[0]?.sealed ?? []).includes(secret)).toBe(false)
})

test('TOLD-5: a receiver that never answers keeps the news of nobody else waiting', async () => {
  const told: string[] = []
  const post = ((url: string) => {
    told.push(url)
    return url.includes('tarpit') ? new Promise(() => undefined) : Promise.resolve(new Response())
  }) as unknown as typeof fetch
  const world = await createWorld({ post })
  await join(world, { name: 'miner-A', onOffer: hold })
  const bob = person('bob')
  await world.transact(world.alice, transfer(bob.address, 200_000_000n))
  const bobsEscrow = await world.openEscrow(bob, 100_000_000n)
  const { clientJobs, webhooks } = world.parts()
  const tell = async (by: typeof bob, escrow: Uint8Array, url: string) => {
    const job = { ...world.jobOf(by, escrow, url), webhook: { url } }
    const taken = await clientJobs.submit(world.whoIs(by), job)
    if (!taken.ok) throw new Error(taken.error.code)
    clientJobs.cancel(world.whoIs(by), taken.value.jobId)
  }
  for (const by of [world.alice, bob]) webhooks.makeSecret(world.whoIs(by).publicId)
  for (let count = 0; count < 40; count += 1) {
    await tell(world.alice, world.aliceEscrow, `https://tarpit.example.org/${count}`)
  }
  await world.pass(100)
  await tell(bob, bobsEscrow, 'https://hooks.example.org/bob')
  await world.pass(1_000)
  expect(told).toContain('https://hooks.example.org/bob')
  expect(told.filter((url) => url.includes('tarpit'))).toHaveLength(2)
})

test.each([86_400_000, -86_400_000])(
  'TOLD-3: told once, and in its time, by a clock that jumps by %i ms',
  async (ms) => {
    const { news, post } = listener((count) => (count === 1 ? 500 : 204))
    const world = await createWorld({ post })
    await join(world, { name: 'miner-A', onOffer: hold })
    secretFor(world)
    const { jobId } = await submit(world)
    world.parts().clientJobs.cancel(world.whoIs(world.alice), jobId)
    await world.pass(1_000)
    expect(news).toHaveLength(1)
    // Its next time is noted by the clock as it was.
    world.jump(ms)
    await world.pass(120_000)
    expect(news).toHaveLength(2)
    expect(list(world)).toMatchObject([{ state: 'delivered', attempts: 2 }])
    world.jump(-ms)
    await world.pass(600_000)
    expect(news).toHaveLength(2)
  },
)
