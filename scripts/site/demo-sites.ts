/**
 * The sites of the demo, on state of their own: one alone, one that follows another's chain over HTTP, or
 * three authorities that agree, the third behind a longer line that can be cut.
 */
import { join } from 'node:path'
import { type Genesis, parseGenesis } from '../../core/chain/genesis.ts'
import { addressOf } from '../../core/crypto/address.ts'
import { freshSecrets } from '../setup/dev-vars.ts'
import { makeGenesis, siteKeys } from '../setup/genesis.ts'
import { makeNetwork, type NetworkSite, networkVars } from '../setup/network.ts'
import { host } from '../setup/port.ts'
import { type Site, startSite } from '../setup/site.ts'
import { type Line, openLine } from './cut.ts'
import type { Holder } from './ledger.ts'

export type SiteName = 'A' | 'B' | 'C'

/** How many sites, and what connects them. */
export type SiteCount = 1 | 2 | 3

export type DemoSites = {
  readonly genesis: Genesis
  readonly names: readonly SiteName[]
  /** Name of a site's authority; the site's own letter where it has none. */
  nodeOf(site: SiteName): string
  url(site: SiteName): string
  /** Authorities, faucets and coordinators. */
  readonly holders: readonly Holder[]
  /** SIGKILL to the site and its runtime. */
  kill(site: SiteName): Promise<void>
  /** Starts it again on what it had on the disk. */
  restart(site: SiteName): Promise<void>
  /** Breaks every line between site C and the others, or puts them back. */
  cut(): void
  mend(): void
  end(): Promise<void>
}

export type DemoSitesInput = {
  readonly count: SiteCount
  readonly folder: string
  readonly ports: Readonly<Record<SiteName, number>>
  readonly say: (line: string) => void
  /** Called as soon as there may be something to end. */
  readonly onOpen: (end: () => Promise<void>) => void
}

/** Nodes 1 and 2 stand beside each other, Node 3 is remote: so much one way. */
const remoteDelayMs = 20
const nodes = { A: 'node-1', B: 'node-2', C: 'node-3' } as const
const letters = ['A', 'B', 'C'] as const

/** Starts the sites and waits until all of them serve. */
export function openDemoSites(input: DemoSitesInput): Promise<DemoSites> {
  return input.count === 3 ? openNetwork(input) : openFollowed(input)
}

/** Site A makes the chain alone; site B, where there is one, follows it by `CHAIN_UPSTREAM`. */
async function openFollowed(input: DemoSitesInput): Promise<DemoSites> {
  const secrets = { A: freshSecrets(), B: freshSecrets() }
  const keys = { A: siteKeys(secrets.A), B: siteKeys(secrets.B) }
  const json = makeGenesis({
    chainId: 'aitbc-demo',
    nowMs: Date.now(),
    sites: [{ name: 'site-a', ...keys.A }],
    coordinators: [keys.B.coordinator],
  })
  const genesis = parseGenesis(json)
  if (!genesis.ok) throw new Error(genesis.error.message)
  const names = letters.slice(0, input.count)
  const processes = openProcesses(input, (name) => {
    const vars = { ...(name === 'A' ? secrets.A : secrets.B), GENESIS_JSON: JSON.stringify(json) }
    return name === 'A' ? vars : { ...vars, CHAIN_UPSTREAM: processes.url('A') }
  })
  for (const name of names) {
    await processes.start(name)
    input.say(`site ${name} at ${processes.url(name)}`)
  }
  return {
    genesis: genesis.value,
    names,
    nodeOf: (site) => site,
    holders: [
      { name: 'authority A', address: addressOf(keys.A.authority) },
      { name: 'faucet A', address: addressOf(keys.A.faucet) },
      { name: 'coordinator A', address: addressOf(keys.A.coordinator) },
      { name: 'coordinator B', address: addressOf(keys.B.coordinator) },
    ],
    cut: () => undefined,
    mend: () => undefined,
    ...processes.handles,
  }
}

/** Three authorities. What goes between C and the others goes through lines. */
async function openNetwork(input: DemoSitesInput): Promise<DemoSites> {
  const network = makeNetwork({
    chainId: 'aitbc-demo',
    nowMs: Date.now(),
    authorities: letters.map((name) => nodes[name]),
  })
  const members = Object.fromEntries(
    letters.map((name, index) => [name, network.sites[index]]),
  ) as Record<SiteName, NetworkSite>
  const peers: Record<SiteName, string[]> = { A: [], B: [], C: [] }
  const lines: Line[] = []
  const processes = openProcesses(
    input,
    (name) => networkVars(network, members[name], peers[name]),
    lines,
  )
  for (const from of letters) {
    for (const to of letters) {
      if (from === to) continue
      if (from !== 'C' && to !== 'C') {
        peers[from].push(processes.url(to))
        continue
      }
      const line = await openLine(input.ports[to], { delayMs: remoteDelayMs })
      lines.push(line)
      peers[from].push(line.url)
    }
  }
  await Promise.all(letters.map((name) => processes.start(name)))
  for (const name of letters) input.say(`site ${name} is ${nodes[name]} at ${processes.url(name)}`)
  return {
    genesis: network.genesis,
    names: letters,
    nodeOf: (site) => nodes[site],
    holders: letters.flatMap((name) => [
      { name: `authority ${name}`, address: addressOf(members[name].authority) },
      { name: `faucet ${name}`, address: addressOf(members[name].faucet) },
      { name: `coordinator ${name}`, address: addressOf(members[name].coordinator) },
    ]),
    cut: () => {
      for (const line of lines) line.cut()
    },
    mend: () => {
      for (const line of lines) line.mend()
    },
    ...processes.handles,
  }
}

/** The processes of the sites, by name. */
function openProcesses(
  { folder, ports, onOpen }: DemoSitesInput,
  varsOf: (name: SiteName) => Record<string, string>,
  lines: readonly Line[] = [],
) {
  const running = new Map<SiteName, Site>()
  const url = (name: SiteName) => `http://${host}:${ports[name]}`
  let isEnding = false
  const start = async (name: SiteName): Promise<void> => {
    const site = await startSite({
      statePath: join(folder, `site-${name}`),
      port: ports[name],
      vars: varsOf(name),
      onLog: () => undefined,
    })
    running.set(name, site)
    if (isEnding) await site.stop()
  }
  const end = async (): Promise<void> => {
    isEnding = true
    // The last first: whoever follows would only complain about the others.
    for (const site of [...running.values()].reverse()) await site.stop()
    await Promise.all(lines.map((line) => line.close()))
  }
  onOpen(end)
  const kill = async (name: SiteName): Promise<void> => {
    await running.get(name)?.kill()
  }
  return { start, url, handles: { url, kill, restart: start, end } }
}
