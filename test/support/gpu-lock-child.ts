/**
 * A process that takes turns on a lock, told by its parent: `acquire`, `release`, or `rounds` to
 * take many turns by itself. Every turn is written to a shared file, begin and end.
 */
import { appendFileSync } from 'node:fs'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { type GpuTurn, openGpuLock } from '../../miner-agent/gpu-lock.ts'

export type ChildOrder = 'acquire' | 'release' | 'rounds'
export type ChildReport = 'holding' | 'released' | 'done'

const [directory = '', name = '', log = '', rounds = '0'] = process.argv.slice(2)
const lock = openGpuLock({ name, directory })
const never = new AbortController().signal
let turn: GpuTurn | null = null

const report = (what: ChildReport): void => {
  process.send?.(what)
}
const note = (what: 'enter' | 'leave'): void => appendFileSync(log, `${what} ${process.pid}\n`)

async function obey(order: ChildOrder): Promise<void> {
  if (order === 'acquire') {
    turn = await lock.acquire(never)
    note('enter')
    report('holding')
  } else if (order === 'release') {
    note('leave')
    await turn?.release()
    report('released')
  } else {
    for (let round = 0; round < Number(rounds); round++) {
      const mine = await lock.acquire(never)
      note('enter')
      await nextTurn()
      note('leave')
      await mine.release()
    }
    report('done')
  }
}

process.on('message', (order: ChildOrder) => void obey(order))
process.on('disconnect', () => process.exit(0))
