/**
 * The world of the demo: sites on fresh temporary state, miners on one GPU lock, and clients. One object
 * starts and ends all of it.
 */
import { mkdtempSync, readFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { fromHex } from '../../core/base/bytes.ts'
import { parseAddress } from '../../core/crypto/address.ts'
import type { Child } from './children.ts'
import { type DemoSites, openDemoSites, type SiteCount, type SiteName } from './demo-sites.ts'
import type { Holder } from './ledger.ts'
import { type LocalHome, openLocalHome, startClient, startMiner } from './programs.ts'

export type DemoMiner = { readonly id: string; readonly site: SiteName; readonly child: Child }

export type DemoWorld = {
  readonly sites: DemoSites
  /** What people want to know. */
  readonly say: (line: string) => void
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
    readonly args?: readonly string[]
    /** Receives what it says of its progress. */
    readonly onLine?: (line: string) => void
  }): Child
  /** Everybody who may own anything on the chain. */
  holders(): readonly Holder[]
  /** Ends every child and removes the state. May be called at any time, and twice. */
  end(): Promise<void>
}

/** Starts the sites. */
export async function openDemoWorld(input: {
  readonly count: SiteCount
  readonly ports: Readonly<Record<SiteName, number>>
  readonly say: (line: string) => void
  /** Called as soon as there is something to end. */
  readonly onOpen: (end: () => Promise<void>) => void
}): Promise<DemoWorld> {
  const { say } = input
  const folder = mkdtempSync(join(tmpdir(), 'aitbc-demo-'))
  const children: Child[] = []
  let endSites: () => Promise<void> = async () => undefined
  let ended: Promise<void> | undefined
  const end = () => {
    ended ??= endAll({ folder, children, endSites: () => endSites() })
    return ended
  }
  input.onOpen(end)
  const onOpen = (endThem: () => Promise<void>) => {
    endSites = endThem
  }
  const { count, ports } = input
  const sites = await openDemoSites({ count, folder, ports, say, onOpen })

  const homes = new Map<string, LocalHome>()
  const homeOf = (id: string): LocalHome => {
    const known = homes.get(id) ?? openLocalHome(join(folder, 'homes', id))
    homes.set(id, known)
    return known
  }
  const gpuLock = basename(folder)
  return {
    sites,
    say,
    startMiner({ id, site, args = [], onLine }) {
      const child = startMiner({
        home: homeOf(id),
        api: sites.url(site),
        id,
        args: ['--gpu-lock', gpuLock, '--log', 'json', '--verbose', ...args],
        ...(onLine && { onLine }),
      })
      children.push(child)
      return { id, site, child }
    },
    startClient({ id, site, prompt, args = [], onLine }) {
      const onChildLine = (line: string, stream: 'stdout' | 'stderr') => {
        if (stream === 'stdout') return
        say(`  ${id} at ${site}: ${line.replace(/^client: /, '')}`)
        onLine?.(line)
      }
      const api = sites.url(site)
      const child = startClient({ home: homeOf(id), api, id, prompt, args, onLine: onChildLine })
      children.push(child)
      return child
    },
    holders: () => [...sites.holders, ...[...homes].flatMap(([id, home]) => holdersIn(id, home))],
    end,
  }
}

/** The account of a program's key, and the escrows that it opened. */
function holdersIn(id: string, home: LocalHome): Holder[] {
  const key =
    readJson(join(home.path, 'miners', id, 'key.json')) ??
    readJson(join(home.path, 'clients', `${id}.key.json`))
  const [account] = (key?.['accounts'] ?? []) as { readonly address: string }[]
  const address = parseAddress(String(account?.address))
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
  readonly children: readonly Child[]
  readonly endSites: () => Promise<void>
}): Promise<void> {
  for (const child of world.children) child.signal('SIGTERM')
  await Promise.all(world.children.map(({ ended }) => ended))
  await world.endSites()
  const away = { recursive: true, force: true, maxRetries: 5, retryDelay: 100 }
  await rm(world.folder, away)
  await rm(join(tmpdir(), 'aitbc-gpu-locks', basename(world.folder)), away)
}
