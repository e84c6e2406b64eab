/**
 * A name for a running process that no later process on this host can have: process id, start
 * time and boot. Lets files outlive their owner without being taken for a living one's.
 */
import { readFile } from 'node:fs/promises'

/** `PID.START.BOOT`; start and boot are 0 where the system does not tell. */
export type ProcessTag = string

let own: Promise<ProcessTag> | null = null

/** The tag of this process. */
export function ownProcessTag(): Promise<ProcessTag> {
  own ??= (async () => {
    const [stat, boot] = await Promise.all([readStat('self'), readBoot()])
    return `${process.pid}.${stat?.start ?? '0'}.${boot}`
  })()
  return own
}

/** Whether the tagged process still runs. In doubt it says yes: a wrong no would break a lock. */
export async function isAlive(tag: ProcessTag): Promise<boolean> {
  const [pid = '0', start = '0', boot = '0'] = tag.split('.')
  if (boot !== '0' && boot !== (await readBoot())) return false
  if (!exists(Number(pid))) return false
  const stat = await readStat(pid)
  if (stat === null) return exists(Number(pid))
  // A killed process stays listed as a zombie until its parent looks: it holds nothing any more.
  if (stat.state === 'Z' || stat.state === 'X') return false
  return start === '0' || stat.start === start
}

function exists(pid: number): boolean {
  if (!Number.isSafeInteger(pid) || pid <= 0) return false
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** Source: proc(5), `/proc/PID/stat`: field 3 is the state, field 22 the start in clock ticks. */
async function readStat(pid: string): Promise<{ state: string; start: string } | null> {
  try {
    const text = await readFile(`/proc/${pid}/stat`, 'latin1')
    // Field 2 is the program's name in brackets and may hold anything, brackets too.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
    const [state, start] = [fields[0], fields[19]]
    return state === undefined || start === undefined ? null : { state, start }
  } catch {
    return null
  }
}

let bootId: Promise<string> | null = null

function readBoot(): Promise<string> {
  bootId ??= readFile('/proc/sys/kernel/random/boot_id', 'latin1').then(
    (text) => text.replaceAll('-', '').slice(0, 8),
    () => '0',
  )
  return bootId
}
