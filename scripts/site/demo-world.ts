/**
 * The world of the demo: two sites on fresh temporary state, the second following the first one's chain,
 * miners on one GPU lock, and clients. One object starts and ends all of it.
 */
import { mkdtempSync, readFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { fromHex } from '../../core/base/bytes.ts'
import { type Genesis, parseGenesis } from '../../core/chain/genesis.ts'
import { addressOf, parseAddress } from '../../core/crypto/address.ts'
import { freshSecrets } from '../setup/dev-vars.ts'
import { makeGenesis, siteKeys } from '../setup/genesis.ts'
import { type Site, startSite } from '../setup/site.ts'
import type { Child } from './children.ts'
import type { Holder } from './ledger.ts'
import { type LocalHome, openLocalHome, startClient, startMiner } from './programs.ts'

export type SiteName = 'A' | 'B'

export type DemoMiner = { readonly id: string; readonly site: SiteName; readonly child: Child }

export type DemoWorld = {
  readonly genesis: Genesis
  readonly url: (site: SiteName) => string
  startMiner(input: {
    readonly id: string
    readonly site: SiteName
    readonly args?: readonly string[]
    readonly onLine?: (line: string) => void
  }): DemoMiner
  startClient(input: {
    readonly id: string
    readonly site: SiteName
    readonly prompt: string
  }): Child
  /** Everybody who may own anything on the chain. */
  holders(): readonly Holder[]
  /** Ends every child and removes the state. May be called at any time, and twice. */
  end(): Promise<void>
}

/** Starts both sites. `say` receives what people want to know. */
export async function openDemoWorld(input: {
  readonly ports: Readonly<Record<SiteName, number>>
  readonly say: (line: string) => void
  /** Called as soon as there is something to end. */
  readonly onOpen: (end: () => Promise<void>) => void
}): Promise<DemoWorld> {
  const folder = mkdtempSync(join(tmpdir(), 'aitbc-demo-'))
  const sites: Site[] = []
  const children: Child[] = []
  let ended: Promise<void> | undefined
  const end = () => {
    ended ??= endAll({ folder, sites, children })
    return ended
  }
  input.onOpen(end)
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
  const start = async (name: SiteName, more: Record<string, string>) => {
    const vars = { ...secrets[name], GENESIS_JSON: JSON.stringify(json), ...more }
    const statePath = join(folder, `site-${name}`)
    const site = await startSite({
      statePath,
      port: input.ports[name],
      vars,
      onLog: () => undefined,
    })
    sites.push(site)
    input.say(`site ${name} at ${site.url}`)
    return site.url
  }
  const upstream = await start('A', {})
  const urls = { A: upstream, B: await start('B', { CHAIN_UPSTREAM: upstream }) }

  const homes = new Map<string, LocalHome>()
  const homeOf = (id: string): LocalHome => {
    const known = homes.get(id) ?? openLocalHome(join(folder, 'homes', id))
    homes.set(id, known)
    return known
  }
  const gpuLock = basename(folder)
  return {
    genesis: genesis.value,
    url: (site) => urls[site],
    startMiner({ id, site, args = [], onLine }) {
      const child = startMiner({
        home: homeOf(id),
        api: urls[site],
        id,
        args: ['--gpu-lock', gpuLock, '--log', 'json', '--verbose', ...args],
        ...(onLine && { onLine }),
      })
      children.push(child)
      return { id, site, child }
    },
    startClient({ id, site, prompt }) {
      const onLine = (line: string, stream: 'stdout' | 'stderr') => {
        if (stream === 'stderr') input.say(`  ${id} at ${site}: ${line.replace(/^client: /, '')}`)
      }
      const child = startClient({ home: homeOf(id), api: urls[site], id, prompt, onLine })
      children.push(child)
      return child
    },
    holders: () => [
      { name: 'authority A', address: addressOf(keys.A.authority) },
      { name: 'faucet A', address: addressOf(keys.A.faucet) },
      { name: 'coordinator A', address: addressOf(keys.A.coordinator) },
      { name: 'coordinator B', address: addressOf(keys.B.coordinator) },
      ...[...homes].flatMap(([id, home]) => holdersIn(id, home)),
    ],
    end,
  }
}

/** The account of a program's key, and the escrows that it opened. */
function holdersIn(id: string, home: LocalHome): Holder[] {
  const key =
    readJson(join(home.path, 'miners', id, 'key.json')) ??
    readJson(join(home.path, 'clients', `${id}.key.json`))
  const address = parseAddress(String(key?.['address']))
  if (!address.ok) throw new Error(`${id} has no key`)
  const state = readJson(join(home.path, 'clients', `${id}.json`))
  const escrows = Object.values((state?.['escrows'] ?? {}) as Record<string, { escrow: string }>)
  return [
    { name: id, address: address.value },
    ...escrows.map(({ escrow }, index) => {
      const bytes = fromHex(escrow, 32)
      if (!bytes.ok) throw new Error(`${id} remembers a malformed escrow`)
      return { name: `escrow ${index + 1} of ${id}`, escrow: bytes.value }
    }),
  ]
}

function readJson(path: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>
  } catch {
    return undefined
  }
}

async function endAll(world: {
  readonly folder: string
  readonly sites: readonly Site[]
  readonly children: readonly Child[]
}): Promise<void> {
  for (const child of world.children) child.signal('SIGTERM')
  await Promise.all(world.children.map(({ ended }) => ended))
  // The follower first: it would only complain about the other.
  for (const site of [...world.sites].reverse()) await site.stop()
  const away = { recursive: true, force: true, maxRetries: 5, retryDelay: 100 }
  await rm(world.folder, away)
  await rm(join(tmpdir(), 'aitbc-gpu-locks', basename(world.folder)), away)
}
