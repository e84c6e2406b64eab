/** The site that is measured: the production bundle on workerd, fresh state, no limits on loopback. */
import { findFreePort, host } from '../../scripts/setup/port.ts'
import { runtimePid } from '../../scripts/setup/site-runtime.ts'
import { startTestSite, type TestSite } from '../../test/support/site.ts'
import { type HttpClient, openHttp } from './http-client.ts'
import { say } from './report.ts'

export type BenchSite = {
  /**
   * Where the Worker listens: workerd hands it requests straight. Before Miniflare's usual port stand two Workers
   * of Miniflare's own, which no deployment has.
   */
  readonly url: string
  /** Where miners connect. */
  readonly socketUrl: string
  /** An API key of a client; and all of them, where `vars` set several. */
  readonly apiKey: string
  readonly apiKeys: readonly string[]
  readonly http: HttpClient
  /** The processes of the site: workerd, and the Node process that started it. */
  readonly pids: { readonly workerd: number; readonly site_host: number }
  readonly stop: () => Promise<void>
}

/** What a report says of it. */
export const runtimeText =
  "production bundle on workerd, at the Worker's own socket, loopback, state on disk"

/**
 * Starts it; `connections` bounds how many requests its client sends at a time, and `vars` replace those
 * of a devnet of one site.
 */
export async function startBenchSite(
  connections: number,
  vars: Readonly<Record<string, string>> = {},
): Promise<BenchSite> {
  boundTime()
  say('starting a site on fresh state')
  const workerPort = await findFreePort()
  const site: TestSite = await startTestSite({ vars, workerPort })
  const url = `http://${host}:${workerPort}`
  const http = openHttp(url, connections)
  const apiKeys = JSON.parse(site.vars['CLIENT_API_KEYS'] ?? '[]') as string[]
  const [apiKey] = apiKeys
  const workerd = runtimePid(site.site.port)
  if (apiKey === undefined || workerd === undefined) throw new Error('the site is incomplete')
  return {
    url,
    socketUrl: `${url.replace('http', 'ws')}/api/v1/miners/ws`,
    apiKey,
    apiKeys,
    http,
    pids: { workerd, site_host: site.site.pid },
    stop: async () => {
      http.close()
      for (const line of site.site.log.slice(-10)) say(`site: ${line}`)
      await site.dispose()
    },
  }
}

/** Longest that a benchmark may take, on however busy a machine. */
const benchSecondsMax = 180

/** Whatever hangs, the program ends, and the site and the miners with it. */
export function boundTime(secondsMax = benchSecondsMax): void {
  setTimeout(() => {
    say(`given up after ${secondsMax} s`)
    process.exit(1)
  }, secondsMax * 1_000).unref()
}
