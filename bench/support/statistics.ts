/** Summaries of measured samples. */

/** Of samples in one unit; `NaN` nowhere: a summary of nothing has count 0 and zeros. */
export type Summary = {
  readonly count: number
  readonly min: number
  readonly p50: number
  readonly p99: number
  readonly max: number
  readonly mean: number
}

/** Summary of samples, rounded to a thousandth of their unit. */
export function summaryOf(samples: readonly number[]): Summary {
  const sorted = [...samples].sort((a, b) => a - b)
  const sum = sorted.reduce((total, sample) => total + sample, 0)
  return {
    count: sorted.length,
    min: rounded(sorted[0] ?? 0),
    p50: rounded(quantile(sorted, 0.5)),
    p99: rounded(quantile(sorted, 0.99)),
    max: rounded(sorted.at(-1) ?? 0),
    mean: rounded(sorted.length === 0 ? 0 : sum / sorted.length),
  }
}

/** The nearest-rank quantile of sorted samples; 0 of none. */
export function quantile(sorted: readonly number[], share: number): number {
  const rank = Math.ceil(share * sorted.length)
  return sorted[Math.max(rank, 1) - 1] ?? 0
}

/** Three decimals: finer than anything here can be measured. */
export const rounded = (value: number): number => Math.round(value * 1_000) / 1_000
