/** BullMQ on Redis under the load of the site: jobs a second from the first added to the last completed. */
import { host } from '../../scripts/setup/port.ts'
import type { BullMqWorkers } from './bullmq-process.ts'
import { startChild } from './child.ts'
import { monotonicMs } from './clock.ts'
import { type CpuUse, watchCpu } from './cpu.ts'
import { bullMqVersion, type Durability, loadBullMq, startRedis } from './redis.ts'
import { say } from './report.ts'
import { rounded, type Summary, summaryOf } from './statistics.ts'

export type QueueResult = {
  readonly durability: Durability
  readonly redis: string
  readonly bullmq: string
  readonly jobs: number
  readonly jobs_per_second: number
  readonly enqueued_per_second: number
  readonly add_ms: Summary
  readonly cpu: CpuUse
}

const queueName = 'bench'
const workerConcurrency = 64
const drainMs = 60_000

/** One run; undefined where Redis or BullMQ cannot be had. */
export async function measureQueue(input: {
  readonly durability: Durability
  /** Adds under way at one time. */
  readonly concurrency: number
  readonly seconds: number
}): Promise<QueueResult | undefined> {
  const library = loadBullMq()
  const redis = library && (await startRedis(input.durability))
  if (!library || !redis) return undefined
  say(`BullMQ, durability ${input.durability}, ${input.concurrency} adds at a time`)
  const workers = startChild<BullMqWorkers>('./bullmq-process.ts')
  const queue = new library.Queue(queueName, { connection: { host, port: redis.port } })
  try {
    await queue.waitUntilReady()
    const concurrency = workerConcurrency
    await workers.call('start', { port: redis.port, queue: queueName, concurrency })
    const pids = { redis: redis.pid, clients: process.pid, workers: workers.pid }
    const endCpu = watchCpu(pids)
    const startedAt = monotonicMs()
    const addMs = await addAll(queue, input)
    const addedAt = monotonicMs()
    await allCompleted(workers, addMs.length)
    const cpu = endCpu()
    const { completed, lastAtMs } = await workers.call('take')
    if (completed !== addMs.length) {
      throw new Error(`${completed} of ${addMs.length} jobs of BullMQ were completed`)
    }
    const result = {
      durability: input.durability,
      redis: redis.version,
      bullmq: bullMqVersion,
      jobs: completed,
      jobs_per_second: rounded((completed * 1_000) / (lastAtMs - startedAt)),
      enqueued_per_second: rounded((completed * 1_000) / (addedAt - startedAt)),
      add_ms: summaryOf(addMs),
      cpu,
    }
    say(`  ${result.jobs_per_second} jobs/s, ${result.enqueued_per_second} added/s`)
    return result
  } finally {
    await queue.close()
    await workers.stop()
    await redis.stop()
  }
}

type Queue = InstanceType<NonNullable<ReturnType<typeof loadBullMq>>['Queue']>

async function addAll(
  queue: Queue,
  { concurrency, seconds }: { readonly concurrency: number; readonly seconds: number },
): Promise<number[]> {
  const end = monotonicMs() + seconds * 1_000
  const tookMs: number[] = []
  const data = {
    model: 'bench-instant',
    messages: [{ role: 'user', content: 'How many slots are there in an hour?' }],
  }
  const slot = async (): Promise<void> => {
    for (let from = monotonicMs(); from < end; from = monotonicMs()) {
      await queue.add('chat', data, { removeOnComplete: true })
      tookMs.push(monotonicMs() - from)
    }
  }
  await Promise.all(Array.from({ length: concurrency }, slot))
  return tookMs
}

async function allCompleted(
  workers: ReturnType<typeof startChild<BullMqWorkers>>,
  count: number,
): Promise<void> {
  const end = monotonicMs() + drainMs
  while ((await workers.call('completed')) < count && monotonicMs() < end) {
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
