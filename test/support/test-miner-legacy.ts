/**
 * The original's miner programs as they call a coordinator, line for line in what they send: the host GPU
 * miner's loop and the simple script. Only the model behind them is a function of the test.
 */
import { setTimeout as pause } from 'node:timers/promises'

export type LegacyProgram = {
  readonly url: string
  readonly key: string
  /** `/v1` behind a forwarded port; `/api` or `/api/v1` through the site's name. */
  readonly base?: string
}

type Body = Record<string, unknown>

/** One request with the headers of those programs; JSON back, or nothing. */
export async function legacyRequest(
  { url, key, base = '/v1' }: LegacyProgram,
  method: string,
  path: string,
  body?: Body,
): Promise<{ readonly status: number; readonly json: unknown; readonly text: string }> {
  const response = await fetch(`${url}${base}${path}`, {
    method,
    headers: {
      'X-Api-Key': key,
      ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  return { status: response.status, text, json: text === '' ? undefined : JSON.parse(text) }
}

/** What the host GPU miner reports about its card. */
export const hostCapabilities = {
  gpu: {
    model: 'NVIDIA GeForce RTX 4060 Ti',
    memory_gb: 16,
    cuda_version: '12.4',
    platform: 'linux',
    supported_tasks: ['inference', 'training', 'stable-diffusion', 'llama'],
    max_concurrent_jobs: 1,
  },
}

export type HostMiner = {
  /** Jobs that it was handed, in order. */
  readonly jobs: readonly Body[]
  /** Answers of the coordinator to its results. */
  readonly answers: readonly { readonly status: number; readonly json: unknown }[]
  stop(): Promise<void>
}

/**
 * Registers, then beats and polls in a loop of one job at a time, as the host GPU miner does. `generate`
 * stands in for its Ollama; what it throws is reported as that program reports it: as a result.
 */
export async function startHostMiner(
  program: LegacyProgram,
  generate: (prompt: string) => Promise<{ response: string; eval_count: number }>,
): Promise<HostMiner> {
  const id = '?miner_id=host-gpu-miner'
  const call = (path: string, body: Body) => legacyRequest(program, 'POST', path, body)
  const registered = await call(`/miners/register${id}`, {
    capabilities: hostCapabilities,
    concurrency: 1,
    region: 'localhost',
  })
  const token = (registered.json as Body | undefined)?.['session_token']
  if (registered.status !== 200 || typeof token !== 'string') {
    throw new Error(`registration failed: ${registered.status} ${registered.text}`)
  }
  const jobs: Body[] = []
  const answers: { status: number; json: unknown }[] = []
  let isOn = true

  const work = async (job: Body): Promise<Body> => {
    const payload = job['payload'] as Body
    const gpu = { gpu_utilization: 91, memory_used: 7_812, memory_peak: 7_812 }
    if (payload['type'] !== 'inference') {
      return { result: { status: 'failed', error: 'Unsupported job type' }, metrics: {} }
    }
    try {
      const { response, eval_count } = await generate(String(payload['prompt'] ?? ''))
      const result = {
        status: 'completed',
        output: response,
        model: payload['model'] ?? 'llama3.2:latest',
        tokens_processed: eval_count,
        execution_time: 0.75,
        gpu_used: true,
      }
      return { result, metrics: gpu }
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      return { result: { status: 'failed', error: reason }, metrics: {} }
    }
  }

  const loop = async (): Promise<void> => {
    while (isOn) {
      await call(`/miners/heartbeat${id}`, {
        status: 'active',
        current_jobs: 0,
        last_seen: new Date().toISOString(),
        gpu_utilization: 3,
        memory_used: 512,
        memory_total: 16_380,
      })
      const polled = await call(`/miners/poll${id}`, { max_wait_seconds: 5 })
      if (polled.status === 200) {
        const job = polled.json as Body
        jobs.push(job)
        answers.push(await call(`/miners/${job['job_id']}/result${id}`, await work(job)))
      } else await pause(100)
    }
  }
  const ended = loop()
  return {
    jobs,
    answers,
    stop: async () => {
      isOn = false
      await ended
    },
  }
}
