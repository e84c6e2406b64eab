/** Whether sites agree: where each of them says that it stands (`/rpc/peers`), side by side. */
import { setTimeout as pause } from 'node:timers/promises'
import * as z from 'zod'
import type { DemoSites, SiteName } from './demo-sites.ts'

const hash = z.string().regex(/^0x[0-9a-f]{64}$/)
const standingSchema = z.object({
  name: z.string(),
  height: z.int(),
  final_height: z.int(),
  head_hash: hash,
  final_hash: hash,
  state_root: hash,
  reorgs: z.int(),
  peers: z.array(z.object({ name: z.string(), failure: z.object({}).nullable() })),
})

/** As much of `/rpc/peers` as is needed here. */
export type Standing = z.infer<typeof standingSchema>

/** A site in the last line of `--json`: its head, and how much of it is final. */
export type SiteReport = {
  readonly name: string
  readonly height: number
  readonly finalized: number
  readonly head_hash: string
  readonly state_root: string
}

export type Agreement = {
  readonly sites: readonly SiteReport[]
  /** Whether all have one head, all of it final, and one state. */
  readonly agreed: boolean
  /** How often a site has left a branch for another one, all sites together. */
  readonly reorgs: number
}

const everyMs = 250

/** Asks one site. */
export async function standingOf(sites: DemoSites, name: SiteName): Promise<Standing> {
  const signal = AbortSignal.timeout(10_000)
  const response = await fetch(`${sites.url(name)}/rpc/peers`, { signal })
  if (!response.ok) throw new Error(`site ${name}: /rpc/peers answered ${response.status}`)
  return standingSchema.parse(await response.json())
}

/**
 * Waits until one site stands so; asks again while it cannot be reached.
 *
 * @throws Error that says what it waited for, after `patienceMs`.
 */
export async function waitFor(
  sites: DemoSites,
  name: SiteName,
  wanted: {
    readonly what: string
    readonly holds: (standing: Standing) => boolean
    readonly patienceMs?: number
  },
): Promise<Standing> {
  const untilMs = Date.now() + (wanted.patienceMs ?? 120_000)
  for (;;) {
    const standing = await standingOf(sites, name).catch(() => undefined)
    if (standing && wanted.holds(standing)) return standing
    if (Date.now() > untilMs) throw new Error(`site ${name}: ${wanted.what} did not come`)
    await pause(everyMs, undefined, { ref: false })
  }
}

/** Waits until all sites agree, or patience ends; tells how they stand then. */
export async function waitForAgreement(sites: DemoSites, patienceMs = 120_000): Promise<Agreement> {
  const untilMs = Date.now() + patienceMs
  for (;;) {
    const standings = await Promise.all(sites.names.map((name) => standingOf(sites, name)))
    const agreed = standings.every(
      ({ height, final_height, head_hash, state_root }) =>
        height === final_height &&
        head_hash === standings[0]?.head_hash &&
        state_root === standings[0].state_root,
    )
    if (agreed || Date.now() > untilMs) {
      return {
        sites: standings.map(reportOf),
        agreed,
        reorgs: standings.reduce((sum, { reorgs }) => sum + reorgs, 0),
      }
    }
    await pause(everyMs, undefined, { ref: false })
  }
}

const reportOf = (standing: Standing): SiteReport => ({
  name: standing.name,
  height: standing.height,
  finalized: standing.final_height,
  head_hash: standing.head_hash,
  state_root: standing.state_root,
})
