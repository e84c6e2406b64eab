/** The clock of the benchmarks: monotonic, and the same in every process of one machine. */

/** Milliseconds since some fixed moment, with a resolution of a microsecond or better. */
export const monotonicMs = (): number => Number(process.hrtime.bigint()) / 1e6
