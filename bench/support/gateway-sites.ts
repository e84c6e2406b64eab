/** What the gateway's benchmark asks: a site with a filled chain, one with the limiter on, and the peer. */

import { findFreePort, host } from '../../scripts/setup/port.ts'
import type { Site } from '../../scripts/setup/site.ts'
import { startSite } from '../../scripts/setup/site.ts'
import { runtimePid } from '../../scripts/setup/site-runtime.ts'
import { temporaryState } from '../../test/support/site-state.ts'
import { type BareRoute, type BareSite, startBareSite } from './bare-site.ts'
import { boundTime } from './bench-site.ts'
import { type Content, fillChain } from './filled-chain.ts'
import { until } from './payers.ts'
import { say } from './report.ts'

/** A running site. */
export type AskedSite = {
  readonly url: string
  /** The Worker's own socket. */
  readonly workerUrl: string
  /** The process of the runtime. */
  readonly pid: number
  readonly stop: () => Promise<void>
}

export type GatewaySites = {
  readonly bare: BareSite
  /** Limiter off, the chain filled. */
  readonly site: AskedSite
  /** Limiter on. */
  readonly limited: AskedSite
  readonly chain: Content & { readonly headHeight: number }
  readonly stop: () => Promise<void>
}

const content: Content = { blocks: 300, transactions: 10 }

/** Starts all of them. */
export async function startGatewaySites(routes: readonly BareRoute[]): Promise<GatewaySites> {
  boundTime()
  const started: { readonly stop: () => Promise<void> }[] = []
  const stop = async () => {
    for (const each of started.splice(0)) await each.stop()
  }
  const keep = <T extends { readonly stop: () => Promise<void> }>(one: T): T => {
    started.push(one)
    return one
  }
  try {
    const { site, headHeight, vars } = await startFilledSite(content)
    keep(site)
    const { RATE_LIMIT: _, ...limits } = vars
    const limited = keep(await startAsked({ vars: limits, ...temporaryFolder() }))
    const bare = keep(await startBareSite(routes))
    return { bare, site, limited, chain: { ...content, headHeight }, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

/** Starts a site on a chain with content, limiter off, and waits until its read model has all of it. */
export async function startFilledSite(what: Content): Promise<{
  readonly site: AskedSite
  readonly headHeight: number
  readonly vars: Record<string, string>
}> {
  say(`making a chain of ${what.blocks} blocks with ${what.transactions} transactions each`)
  const folder = temporaryFolder()
  const { vars: chainVars, headHeight } = await fillChain(folder.path, what)
  const vars = { ...chainVars, RATE_LIMIT: 'off' }
  const site = await startAsked({ vars, ...folder })
  try {
    await until(async () => {
      const answer = await fetch(`${site.url}/rpc/status`)
      const { indexed_height } = (await answer.json()) as { indexed_height: number }
      return indexed_height >= headHeight
    })
  } catch (error) {
    await site.stop()
    throw error
  }
  return { site, headHeight, vars }
}

type Folder = { readonly path: string; readonly remove: () => Promise<void> }

function temporaryFolder(): Folder {
  const { path, remove } = temporaryState()
  return { path, remove }
}

async function startAsked(
  input: Folder & { readonly vars: Record<string, string> },
): Promise<AskedSite> {
  const workerPort = await findFreePort()
  const site: Site = await startSite({
    statePath: input.path,
    vars: input.vars,
    workerPort,
    cronEveryMs: 0,
    onLog: () => undefined,
  })
  const stop = async () => {
    await site.stop()
    await input.remove()
  }
  const pid = runtimePid(site.port)
  if (pid === undefined) {
    await stop()
    throw new Error('the runtime of a site has no process')
  }
  return { url: site.url, workerUrl: `http://${host}:${workerPort}`, pid, stop }
}
