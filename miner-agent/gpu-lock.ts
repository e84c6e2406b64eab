/**
 * A fair lock between the processes of one host that share a GPU: first come, first served, and
 * what a dead process held or waited for is skipped.
 *
 * Lamport's bakery over empty files in one directory. To enter, a process announces itself with a
 * `choosing` file, takes the number after the highest `ticket`, and withdraws the announcement.
 * It holds the lock once nobody is choosing and no live ticket comes before its own. All names are
 * unique for good, so removing a dead one can never remove a living one by mistake, and a process
 * that stalls at any point can delay the others but never let two of them in.
 */
import { randomBytes } from 'node:crypto'
import { type FSWatcher, watch } from 'node:fs'
import { chmod, mkdir, open, readdir, unlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isAlive, ownProcessTag } from './process-tag.ts'

export type GpuLockOptions = {
  /** Letters, digits, `.`, `_` and `-`; processes with the same name take turns. */
  readonly name: string
  /** Holds one folder a lock; the same for all users of the host when absent. */
  readonly directory?: string
}

/** A turn on the GPU. Releasing twice is harmless. */
export type GpuTurn = { release(): Promise<void> }

export type GpuLock = {
  readonly name: string
  /** Waits for a turn; rejects with the signal's reason when that fires first. */
  acquire(signal: AbortSignal): Promise<GpuTurn>
}

/** Looks again this often even when the directory reports no change: the dead report nothing. */
const RECHECK_MS = 100
const NAME_PATTERN = /^(?!\.{1,2}$)[A-Za-z0-9._-]{1,64}$/
const ENTRY_PATTERN = /^(choosing|ticket)-(\d{12})-(\d+\.\d+\.[0-9a-f]+)-[0-9a-f]{16}$/
const TICKET_MAX = 999_999_999_999

/** Whether a lock may have this name. */
export function isGpuLockName(name: string): boolean {
  return NAME_PATTERN.test(name)
}

/** Names the lock; touches nothing until the first `acquire`. */
export function openGpuLock(options: GpuLockOptions): GpuLock {
  if (!isGpuLockName(options.name)) {
    throw new Error('a lock name is 1 to 64 letters, digits, dots, underscores and hyphens')
  }
  const root = options.directory ?? join(tmpdir(), 'aitbc-gpu-locks')
  const folder = join(root, options.name)
  return {
    name: options.name,
    async acquire(signal) {
      signal.throwIfAborted()
      await makeShared(root)
      await makeShared(folder)
      return await waitForTurn(folder, signal)
    },
  }
}

type Entry = {
  readonly file: string
  readonly kind: 'choosing' | 'ticket'
  readonly owner: string
}

async function waitForTurn(folder: string, signal: AbortSignal): Promise<GpuTurn> {
  const ticket = await drawTicket(folder)
  const release = async (): Promise<void> => await remove(folder, ticket)
  const bell = openBell(folder)
  try {
    while (!(await isFirst(folder, ticket))) {
      signal.throwIfAborted()
      await bell.wait(signal)
    }
    signal.throwIfAborted()
    return { release }
  } catch (error) {
    await release()
    throw error
  } finally {
    bell.close()
  }
}

async function drawTicket(folder: string): Promise<string> {
  const tag = await ownProcessTag()
  const suffix = `${tag}-${randomBytes(8).toString('hex')}`
  const announcement = `choosing-${'0'.repeat(12)}-${suffix}`
  await createEmpty(folder, announcement)
  try {
    const taken = await liveEntries(folder)
    const highest = taken
      .filter((entry) => entry.kind === 'ticket')
      .reduce((most, entry) => Math.max(most, ticketNumber(entry)), 0)
    if (highest >= TICKET_MAX) throw new Error('the lock has run out of ticket numbers')
    const ticket = `ticket-${String(highest + 1).padStart(12, '0')}-${suffix}`
    await createEmpty(folder, ticket)
    return ticket
  } finally {
    await remove(folder, announcement)
  }
}

/**
 * The two readings must stay two, in this order: whoever stops choosing during the first one is
 * sure to show a ticket in the second.
 */
async function isFirst(folder: string, ticket: string): Promise<boolean> {
  const before = await liveEntries(folder)
  if (before.some((entry) => entry.kind === 'choosing')) return false
  const tickets = await liveEntries(folder)
  if (!tickets.some((entry) => entry.file === ticket)) throw new Error('the lock file was removed')
  // Names sort by number, then by owner: a total order, so ties cannot let two in.
  return tickets.every((entry) => entry.kind !== 'ticket' || entry.file >= ticket)
}

/** Lists what living processes have there, and clears away what dead ones left. */
async function liveEntries(folder: string): Promise<readonly Entry[]> {
  const entries: Entry[] = []
  for (const file of await readdir(folder)) {
    const match = ENTRY_PATTERN.exec(file)
    if (match === null) continue
    const [, kind, , owner] = match
    if (owner === undefined || (kind !== 'choosing' && kind !== 'ticket')) continue
    if (await isAlive(owner)) entries.push({ file, kind, owner })
    else await remove(folder, file)
  }
  return entries
}

function ticketNumber(entry: Entry): number {
  return Number(ENTRY_PATTERN.exec(entry.file)?.[2] ?? 0)
}

/** Wakes waiters when the directory changes; where it cannot be watched, they look again in time. */
function openBell(folder: string): { wait(signal: AbortSignal): Promise<void>; close(): void } {
  let wake = (): void => {}
  let rung = false
  const ring = (): void => {
    rung = true
    wake()
  }
  let watcher: FSWatcher | null = null
  try {
    watcher = watch(folder, { persistent: false }, ring)
    watcher.on('error', () => watcher?.close())
  } catch {
    watcher = null
  }
  return {
    wait: (signal) =>
      new Promise((resolve) => {
        const done = (): void => {
          clearTimeout(timer)
          signal.removeEventListener('abort', done)
          wake = () => {}
          rung = false
          resolve()
        }
        const timer = setTimeout(done, RECHECK_MS)
        signal.addEventListener('abort', done, { once: true })
        wake = done
        if (rung) done()
      }),
    close: () => watcher?.close(),
  }
}

/** Every user of the host may queue; the sticky bit keeps them from removing each other's tickets. */
async function makeShared(folder: string): Promise<void> {
  const made = await mkdir(folder, { recursive: true })
  if (made !== undefined) await chmod(folder, 0o1777)
}

async function createEmpty(folder: string, file: string): Promise<void> {
  const handle = await open(join(folder, file), 'wx')
  await handle.close()
}

/** Gone already, or another user's: either way nothing more can be done, and nothing breaks. */
async function remove(folder: string, file: string): Promise<void> {
  try {
    await unlink(join(folder, file))
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    if (code !== 'ENOENT' && code !== 'EPERM' && code !== 'EACCES') throw error
  }
}
