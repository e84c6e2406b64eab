/** Measuring several things in turn, round after round, so that noise hits them all. */
import { loadSlice, nothingSpent, plus, type Spent, type Target } from './load.ts'
import { say } from './report.ts'
import { quantile, rounded } from './statistics.ts'

/** Targets that are compared with each other, under the same load. */
export type Case = {
  readonly name: string
  readonly connections: number
  readonly targets: Readonly<Record<string, Target>>
}

/** What each target of each case spent. */
export type Measured = {
  readonly rounds: (name: string, target: string) => readonly Spent[]
  readonly sum: (name: string, target: string) => Spent
}

/** Measures all targets of all cases once a round; a first round only warms up. */
export async function measureInTurn(
  cases: readonly Case[],
  how: { readonly rounds: number; readonly sliceMs: number },
): Promise<Measured> {
  const spent = new Map<string, Spent[]>()
  const keyOf = (name: string, target: string) => `${name}\0${target}`
  for (let round = 0; round <= how.rounds; round++) {
    say(round === 0 ? 'warming up' : `round ${round} of ${how.rounds}`)
    for (const { name, connections, targets } of cases) {
      // Who goes first changes: what one leaves behind would always fall to the same next.
      const entries = Object.entries(targets)
      for (const [label, target] of round % 2 === 0 ? entries : entries.reverse()) {
        const known = spent.get(keyOf(name, label)) ?? []
        const from = known.reduce((sum, { requests }) => sum + requests, 0)
        const slice = await loadSlice(target, { connections, ms: how.sliceMs, from })
        if (round > 0) spent.set(keyOf(name, label), [...known, slice])
      }
    }
  }
  const rounds = (name: string, target: string) => {
    const found = spent.get(keyOf(name, target))
    if (!found) throw new Error(`nothing was measured of ${target} in ${name}`)
    return found
  }
  return { rounds, sum: (name, target) => rounds(name, target).reduce(plus, nothingSpent) }
}

/** How many times the service time of `base` that of `other` is: the median over rounds. */
export function medianRatio(base: readonly Spent[], other: readonly Spent[]): number {
  const ratios = base.map((spent, round) => {
    const against = other[round] as Spent
    return spent.requests / spent.seconds / (against.requests / against.seconds)
  })
  const sorted = ratios.sort((a, b) => a - b)
  // Of an even number the mean of the two in the middle: neither is favoured.
  const [low, high] = [quantile(sorted, 0.5), quantile(sorted, 0.5 + 0.5 / sorted.length)]
  return rounded((low + high) / 2)
}
