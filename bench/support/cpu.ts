/** How busy processes are: from the kernel's accounts, so that a process needs no cooperation. */
import { readFileSync } from 'node:fs'
import { monotonicMs } from './clock.ts'
import { rounded } from './statistics.ts'

/** Milliseconds of processor time in user and kernel since a process began; 0 when it is gone. */
export function cpuMs(pid: number): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The name, in parentheses, may hold spaces; the fields after it do not.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    // utime and stime, in ticks of a hundredth of a second.
    return (Number(fields[11]) + Number(fields[12])) * 10
  } catch {
    return 0
  }
}

/** Cores in use by each process, and milliseconds of processor time, between start and end. */
export type CpuUse = Readonly<Record<string, { readonly cores: number; readonly cpuMs: number }>>

/** Starts the account of some processes, by name; the result ends it. */
export function watchCpu(pids: Readonly<Record<string, number>>): () => CpuUse {
  const startedAt = monotonicMs()
  const before = Object.entries(pids).map(([name, pid]) => ({ name, pid, from: cpuMs(pid) }))
  return () => {
    const elapsed = monotonicMs() - startedAt
    return Object.fromEntries(
      before.map(({ name, pid, from }) => {
        const spent = cpuMs(pid) - from
        return [name, { cores: rounded(spent / elapsed), cpuMs: spent }]
      }),
    )
  }
}
