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
export declare function summaryOf(samples: readonly number[]): Summary
/** The nearest-rank quantile of sorted samples; 0 of none. */
export declare function quantile(sorted: readonly number[], share: number): number
/** Three decimals: finer than anything here can be measured. */
export declare const rounded: (value: number) => number
