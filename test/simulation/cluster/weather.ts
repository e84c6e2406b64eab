/** How bad a run is, drawn once from its seed: some reach deep states, others wide ones. */
import type { Site } from './sites.ts'

/** Probabilities are for each message, action of a site, beat or alarm. */
export type Weather = {
  readonly loss: number
  readonly delayMs: number
  readonly twice: number
  readonly kill: number
  readonly skewMs: number
  readonly cut: number
  readonly restore: number
  readonly load: number
  readonly lateAlarms: number
  readonly twiceAlarms: number
  /** Sites without a key. */
  readonly followers: number
  /** Whether one authority is not there from the beginning, and whether one goes and never returns. */
  readonly joins: boolean
  readonly leaves: boolean
  /** Whether snapshots are made, and one site loses its disk and begins again from one. Never drawn. */
  readonly snapshots: boolean
}

/** Draws the weather of a run. */
export function rollWeather(random: () => number): Weather {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T
  return {
    loss: pick([0, 0.02, 0.1, 0.3]),
    delayMs: pick([50, 400, 2_000, 6_000]),
    twice: pick([0, 0.1]),
    kill: pick([0, 0, 0.02, 0.1]),
    skewMs: pick([0, 500, 3_000]),
    cut: pick([0, 0.01, 0.05]),
    restore: pick([0, 0, 0.01]),
    load: pick([0.1, 0.5, 1]),
    lateAlarms: pick([0, 0.2]),
    twiceAlarms: pick([0, 0.3]),
    followers: pick([0, 0, 0, 1]),
    joins: pick([false, false, true]),
    leaves: pick([false, false, true]),
    snapshots: false,
  }
}

type LivesOptions = {
  readonly random: () => number
  readonly weather: Weather
  readonly startMs: number
  readonly endMs: number
  /** Whether the others are a quorum without one more. */
  readonly mayLeave: boolean
}

/** Says who comes late and who leaves for good. Where one leaves, none may be restored or begin again. */
export function planLives(
  sites: readonly Site[],
  { random, weather, startMs, endMs, mayLeave }: LivesOptions,
): void {
  const someTimeMs = (): number => startMs + Math.floor(random() * (endMs - startMs))
  const plain = sites.filter((site) => site.honest && !site.silent && !isFollower(site))
  const pickSite = (): Site | undefined => plain[Math.floor(random() * plain.length)]
  for (const site of sites) if (isFollower(site)) site.joinsAtMs = someTimeMs()
  const late = weather.joins ? pickSite() : undefined
  if (late) late.joinsAtMs = someTimeMs()
  const mayRest = weather.restore > 0 || weather.snapshots
  const goner = weather.leaves && mayLeave && !mayRest ? pickSite() : undefined
  if (goner) goner.leavesAtMs = Math.max(goner.joinsAtMs, someTimeMs())
}

const isFollower = (site: Site): boolean => site.name.startsWith('follower')
