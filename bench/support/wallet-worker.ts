/** Derivation inside workerd: a Worker that does nothing else, asked from outside, where the clock runs. */
import { convertV4MiniflareOptions, Log, LogLevel, Miniflare } from 'miniflare'
import { findFreePort, host } from '../../scripts/setup/port.ts'
import { monotonicMs } from './clock.ts'

/** Milliseconds of each derivation of `iterations` rounds, without what an empty request costs. */
export async function deriveInWorkerd(
  bundle: string,
  { iterations, rounds }: { readonly iterations: number; readonly rounds: number },
): Promise<readonly number[]> {
  const script = `${bundle}
export default {
  async fetch(request) {
    const iterations = Number(new URL(request.url).searchParams.get('n'))
    return new Response(String(iterations === 0 ? 0 : work.derive(iterations)))
  },
}`
  const miniflare = new Miniflare({
    ...convertV4MiniflareOptions({
      workers: [
        {
          name: 'derive',
          modules: [{ type: 'ESModule', path: 'derive.js', contents: script }],
          compatibilityDate: '2026-10-01',
        },
      ],
    }),
    host,
    port: await findFreePort(),
    cf: false,
    log: new Log(LogLevel.NONE),
    logRequests: false,
    telemetry: { enabled: false },
  })
  try {
    const url = await miniflare.ready
    const took = async (count: number) => {
      const startMs = monotonicMs()
      await (await fetch(`${url.origin}/?n=${count}`)).text()
      return monotonicMs() - startMs
    }
    await took(1_000)
    const samples: number[] = []
    for (let round = 0; round < rounds; round++) {
      const emptyMs = await took(0)
      samples.push((await took(iterations)) - emptyMs)
    }
    return samples
  } finally {
    await miniflare.dispose()
  }
}
