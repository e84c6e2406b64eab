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

/** Name under which all other programs of the machine are counted together. */
const others = 'other_programs'

/** Cores in use by each process, and milliseconds of processor time, between start and end. */
export type CpuUse = Readonly<Record<string, { readonly cores: number; readonly cpuMs: number }>>

/** Starts the account of some processes, by name, and of the rest of the machine; the result ends it. */
export function watchCpu(pids: Readonly<Record<string, number>>): () => CpuUse {
  const startedAt = monotonicMs()
  const busyBefore = machineBusyMs()
  const before = Object.entries(pids).map(([name, pid]) => ({ name, pid, from: cpuMs(pid) }))
  return () => {
    const elapsed = monotonicMs() - startedAt
    const own = before.map(({ name, pid, from }) => ({ name, spent: cpuMs(pid) - from }))
    const ownMs = own.reduce((sum, { spent }) => sum + spent, 0)
    const rest = Math.max(0, machineBusyMs() - busyBefore - ownMs)
    return Object.fromEntries(
      [...own, { name: others, spent: rest }].map(({ name, spent }) => [
        name,
        { cores: rounded(spent / elapsed), cpuMs: spent },
      ]),
    )
  }
}

/** Milliseconds that all processors were busy since the machine started. */
function machineBusyMs(): number {
  const [line = ''] = readFileSync('/proc/stat', 'utf8').split('\n')
  const ticks = line.trim().split(/\s+/).slice(1, 9).map(Number)
  // user nice system idle iowait irq softirq steal
  return ticks.reduce((sum, each, at) => (at === 3 || at === 4 ? sum : sum + each), 0) * 10
}
