import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync, unlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { isGpuLockName, openGpuLock } from '../../../miner-agent/gpu-lock.ts'
import { isAlive, ownProcessTag } from '../../../miner-agent/process-tag.ts'
import type { ChildOrder, ChildReport } from '../../support/gpu-lock-child.ts'

const script = fileURLToPath(new URL('../../support/gpu-lock-child.ts', import.meta.url))
const never = new AbortController().signal
const PATIENCE = { timeout: 60_000, interval: 5 }

let directory = ''
let log = ''
const children: ChildProcess[] = []

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'aitbc-lock-'))
  log = join(directory, 'log')
  writeFileSync(log, '')
})

afterEach(async () => {
  for (const child of children.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue
    child.kill('SIGKILL')
    await once(child, 'exit')
  }
  rmSync(directory, { recursive: true })
})

type Miner = {
  readonly process: ChildProcess
  tell(order: ChildOrder): void
  heard(report: ChildReport): Promise<void>
}

function start(rounds = 0): Miner {
  const child = fork(script, [directory, 'gpu-0', log, String(rounds)], { execArgv: [] })
  children.push(child)
  const reports: ChildReport[] = []
  child.on('message', (report) => void reports.push(report as ChildReport))
  return {
    process: child,
    tell: (order) => void child.send(order),
    heard: async (report) => {
      await vi.waitFor(() => expect(reports).toContain(report), PATIENCE)
      reports.splice(reports.indexOf(report), 1)
    },
  }
}

const entries = (): string[] => {
  try {
    return readdirSync(join(directory, 'gpu-0'))
  } catch {
    return []
  }
}
const tickets = (): string[] => entries().filter((file) => file.startsWith('ticket-'))
const queueOf = (length: number, files = length): Promise<void> =>
  vi.waitFor(() => {
    expect(tickets()).toHaveLength(length)
    expect(entries()).toHaveLength(files)
  }, PATIENCE)

/** The turns in order; fails when one begins before the one before it has ended. */
function turns(killed: readonly number[] = []): number[] {
  const order: number[] = []
  let inside: number | null = null
  for (const row of readFileSync(log, 'utf8').trim().split('\n')) {
    const [what, pid] = row.split(' ')
    if (what === 'enter') {
      if (inside !== null) expect(killed).toContain(inside)
      inside = Number(pid)
      order.push(inside)
    } else {
      expect(inside).toBe(Number(pid))
      inside = null
    }
  }
  return order
}

describe('gpu lock between processes', () => {
  test('two miners take turns', async () => {
    let [holder, waiter] = [start(), start()]
    holder.tell('acquire')
    await holder.heard('holding')
    const expected: number[] = [holder.process.pid as number]
    for (let round = 0; round < 12; round++) {
      waiter.tell('acquire')
      await queueOf(2)
      // The holder lets go and asks again at once: the one who waits still comes first.
      holder.tell('release')
      await waiter.heard('holding')
      expected.push(waiter.process.pid as number)
      const next = waiter
      waiter = holder
      holder = next
    }
    expect(turns()).toEqual(expected)
  }, 120_000)

  test('whoever lets go and asks again at once goes to the end of the queue', async () => {
    const [a, b, c] = [start(), start(), start()]
    a.tell('acquire')
    await a.heard('holding')
    b.tell('acquire')
    await queueOf(2)
    c.tell('acquire')
    await queueOf(3)
    a.tell('release')
    await a.heard('released')
    a.tell('acquire')
    for (const [miner, waiting] of [
      [b, 3],
      [c, 2],
      [a, 1],
    ] as const) {
      await miner.heard('holding')
      await queueOf(waiting)
      miner.tell('release')
    }
    await queueOf(0)
    expect(turns()).toEqual([a, b, c, a].map((miner) => miner.process.pid))
  }, 120_000)

  test('never two at a time, and everybody comes to an end, over many turns', async () => {
    const miners = [start(60), start(60), start(60), start(60)]
    for (const miner of miners) miner.tell('rounds')
    await Promise.all(miners.map((miner) => miner.heard('done')))
    const order = turns()
    expect(order).toHaveLength(240)
    for (const miner of miners) {
      expect(order.filter((pid) => pid === miner.process.pid)).toHaveLength(60)
    }
    expect(entries()).toEqual([])
  }, 180_000)

  test('a holder that is killed loses its turn', async () => {
    const [victim, heir] = [start(), start()]
    victim.tell('acquire')
    await victim.heard('holding')
    heir.tell('acquire')
    await queueOf(2)
    victim.process.kill('SIGKILL')
    await heir.heard('holding')
    expect(turns([victim.process.pid as number])).toHaveLength(2)
    await queueOf(1)
  }, 120_000)

  test('those who are killed while they wait are skipped', async () => {
    const [holder, victim, last] = [start(), start(), start()]
    holder.tell('acquire')
    await holder.heard('holding')
    victim.tell('acquire')
    await queueOf(2)
    last.tell('acquire')
    await queueOf(3)
    victim.process.kill('SIGKILL')
    await once(victim.process, 'exit')
    holder.tell('release')
    await last.heard('holding')
    expect(turns()).toEqual([holder.process.pid, last.process.pid])
  }, 120_000)

  test('killing again and again never lets two in and never blocks the rest', async () => {
    const steady = start(80)
    steady.tell('rounds')
    const killed: number[] = []
    for (let round = 0; round < 6; round++) {
      const victim = start(1_000)
      victim.tell('rounds')
      const seen = (): boolean => readFileSync(log, 'utf8').includes(`enter ${victim.process.pid}`)
      await vi.waitFor(() => expect(seen()).toBe(true), PATIENCE)
      victim.process.kill('SIGKILL')
      await once(victim.process, 'exit')
      killed.push(victim.process.pid as number)
    }
    await steady.heard('done')
    expect(turns(killed).filter((pid) => pid === steady.process.pid)).toHaveLength(80)
  }, 180_000)
})

describe('gpu lock in one process', () => {
  const lock = () => openGpuLock({ name: 'gpu-0', directory })

  test('turns of one process queue too, and a second release is harmless', async () => {
    const first = await lock().acquire(never)
    const order: number[] = []
    const second = lock()
      .acquire(never)
      .then((turn) => {
        order.push(2)
        return turn
      })
    await queueOf(2)
    order.push(1)
    await first.release()
    await first.release()
    await (await second).release()
    expect(order).toEqual([1, 2])
    expect(entries()).toEqual([])
  })

  test('an abort leaves the queue and wakes nobody wrongly', async () => {
    const first = await lock().acquire(never)
    const controller = new AbortController()
    const aborted = lock().acquire(controller.signal)
    await queueOf(2)
    controller.abort(new Error('enough'))
    await expect(aborted).rejects.toThrow('enough')
    await queueOf(1)
    await first.release()
    await expect(lock().acquire(AbortSignal.abort(new Error('no')))).rejects.toThrow('no')
  })

  test('what an earlier boot or a dead process left is cleared away', async () => {
    const gone = await lock().acquire(never)
    await gone.release()
    const boot = (await ownProcessTag()).split('.')[2]
    const leftovers = [
      `ticket-000000000001-${process.pid}.1.${boot}-0123456789abcdef`,
      `ticket-000000000002-${process.pid}.0.00000000-0123456789abcdef`,
      `choosing-000000000000-4194304.1.${boot}-0123456789abcdef`,
    ]
    for (const file of leftovers) writeFileSync(join(directory, 'gpu-0', file), '')
    writeFileSync(join(directory, 'gpu-0', 'something else'), '')
    const turn = await lock().acquire(never)
    expect(tickets()).toHaveLength(1)
    await turn.release()
    expect(entries()).toEqual(['something else'])
  })

  test('nobody enters while somebody living is choosing a ticket', async () => {
    const warmUp = await lock().acquire(never)
    await warmUp.release()
    const announcement = `choosing-000000000000-${await ownProcessTag()}-0123456789abcdef`
    writeFileSync(join(directory, 'gpu-0', announcement), '')
    let entered = false
    const turn = lock()
      .acquire(never)
      .then((mine) => {
        entered = true
        return mine
      })
    await queueOf(1, 2)
    for (let look = 0; look < 100; look++) await new Promise(setImmediate)
    expect(entered).toBe(false)
    // It drew the same number, and its name sorts first: it comes first although it was slow.
    const [drawn = ''] = tickets()
    const slower = `${drawn.slice(0, -16)}${'0'.repeat(16)}`
    writeFileSync(join(directory, 'gpu-0', slower), '')
    unlinkSync(join(directory, 'gpu-0', announcement))
    for (let look = 0; look < 100; look++) await new Promise(setImmediate)
    expect(entered).toBe(false)
    unlinkSync(join(directory, 'gpu-0', slower))
    await (await turn).release()
    expect(entries()).toEqual([])
  })

  test('locks of different names do not meet', async () => {
    const one = await openGpuLock({ name: 'one', directory }).acquire(never)
    const two = await openGpuLock({ name: 'two', directory }).acquire(never)
    await Promise.all([one.release(), two.release()])
  })

  test('a name cannot lead out of the folder', () => {
    for (const name of ['', '.', '..', 'a/b', '../x', 'a b', 'é', 'x'.repeat(65)]) {
      expect(isGpuLockName(name)).toBe(false)
      expect(() => openGpuLock({ name, directory })).toThrow('a lock name is')
    }
    for (const name of ['gpu-0', 'A.b_c', 'x'.repeat(64)]) expect(isGpuLockName(name)).toBe(true)
  })
})

describe('process tag', () => {
  test('this process lives, others with its number or another boot do not', async () => {
    const tag = await ownProcessTag()
    const [pid, start, boot] = tag.split('.')
    expect(await isAlive(tag)).toBe(true)
    expect(await isAlive(`${pid}.0.${boot}`)).toBe(true)
    expect(await isAlive(`${pid}.${Number(start) + 1}.${boot}`)).toBe(false)
    expect(await isAlive(`${pid}.${start}.ffffffff`)).toBe(false)
    for (const odd of ['0.0.0', 'x.0.0', '', '4194304.0.0']) expect(await isAlive(odd)).toBe(false)
  })

  test('a process that was killed is dead even while nobody has looked after it', async () => {
    const child = fork(script, [directory, 'gpu-0', log, '0'], { execArgv: [] })
    children.push(child)
    const tag = `${child.pid}.0.0`
    expect(await isAlive(tag)).toBe(true)
    child.kill('SIGKILL')
    await vi.waitFor(async () => expect(await isAlive(tag)).toBe(false), PATIENCE)
  })
})
