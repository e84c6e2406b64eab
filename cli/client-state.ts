/**
 * What a client remembers: its escrow and the next authorisation number, by chain and coordinator, in
 * `$AITBC_HOME/clients/ID.json`. A number is on the disk before it is used, so that no crash and no second
 * program under the same name can use it twice.
 */
import { closeSync, existsSync, openSync, readFileSync, rmSync, statSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import * as z from 'zod'
import { ClientFault, exitCodes } from './exit-codes.ts'
import { makePrivateFolder, writePrivateFile } from './home.ts'

const escrowSchema = z.object({
  /** Hex of the escrow's id and of the transaction that opens it. */
  escrow: z.string(),
  opened_by: z.string(),
  /** Lowest number that was never given out. */
  next_number: z.int().min(1),
})
export type RememberedEscrow = z.infer<typeof escrowSchema>

const stateSchema = z.object({
  version: z.literal(1),
  /** By `GENESIS:COORDINATOR` in hex. */
  escrows: z.record(z.string(), escrowSchema),
})
type State = z.infer<typeof stateSchema>

/** Where an escrow belongs: hex of genesis hash and coordinator key. */
export type EscrowPlace = { readonly genesis: string; readonly coordinator: string }

export type ClientStore = {
  escrow(place: EscrowPlace): RememberedEscrow | undefined
  /** Remembers a new escrow; its numbers begin at 1. */
  remember(
    place: EscrowPlace,
    escrow: { readonly escrow: string; readonly openedBy: string },
  ): Promise<void>
  /** Takes a number that nobody has had or will get. */
  takeNumber(place: EscrowPlace): Promise<bigint>
  forget(place: EscrowPlace): Promise<void>
}

/** How long another program under the same name may hold the file, and when it counts as dead. */
const lockPatienceMs = 10_000
const lockStaleMs = 30_000

/** Opens the file; it is read anew for each change. */
export function openClientStore(path: string): ClientStore {
  const change = async <T>(act: (state: State) => { state: State; result: T }): Promise<T> => {
    makePrivateFolder(dirname(path))
    const unlock = await lock(`${path}.lock`)
    try {
      const { state, result } = act(read(path))
      writePrivateFile(path, `${JSON.stringify(state, undefined, 2)}\n`)
      return result
    } finally {
      unlock()
    }
  }
  return {
    escrow: (place) => read(path).escrows[keyOf(place)],
    remember: (place, { escrow, openedBy }) =>
      change((state) => ({
        state: withEscrow(state, place, { escrow, opened_by: openedBy, next_number: 1 }),
        result: undefined,
      })),
    takeNumber: (place) =>
      change((state) => {
        const known = state.escrows[keyOf(place)]
        if (known === undefined) throw new Error('no escrow is remembered for this coordinator')
        const next = { ...known, next_number: known.next_number + 1 }
        return { state: withEscrow(state, place, next), result: BigInt(known.next_number) }
      }),
    forget: (place) =>
      change((state) => {
        const { [keyOf(place)]: _gone, ...escrows } = state.escrows
        return { state: { ...state, escrows }, result: undefined }
      }),
  }
}

function keyOf({ genesis, coordinator }: EscrowPlace): string {
  return `${genesis}:${coordinator}`
}

function withEscrow(state: State, place: EscrowPlace, escrow: RememberedEscrow): State {
  return { ...state, escrows: { ...state.escrows, [keyOf(place)]: escrow } }
}

function read(path: string): State {
  if (!existsSync(path)) return { version: 1, escrows: {} }
  try {
    return stateSchema.parse(JSON.parse(readFileSync(path, 'utf8')))
  } catch {
    const message = `${path} is damaged; without it, numbers could be used twice: restore it, or use another --id`
    throw new ClientFault(exitCodes.generic, 'STATE_DAMAGED', message)
  }
}

/** Takes the lock file; one that nobody has touched for long belongs to a program that died. */
async function lock(path: string): Promise<() => void> {
  const untilMs = Date.now() + lockPatienceMs
  for (;;) {
    try {
      const file = openSync(path, 'wx', 0o600)
      writeSync(file, String(process.pid))
      closeSync(file)
      return () => rmSync(path, { force: true })
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
    const touchedMs = statSync(path, { throwIfNoEntry: false })?.mtimeMs
    if (touchedMs !== undefined && (Date.now() - touchedMs > lockStaleMs || isOwnerDead(path))) {
      rmSync(path, { force: true })
      continue
    }
    if (Date.now() > untilMs) {
      const message = `${path} is held by another program under the same --id`
      throw new ClientFault(exitCodes.conflict, 'STATE_LOCKED', message)
    }
    await pause(20)
  }
}

function isOwnerDead(path: string): boolean {
  try {
    const pid = Number(readFileSync(path, 'utf8'))
    if (!Number.isSafeInteger(pid) || pid <= 0) return false
    process.kill(pid, 0)
    return false
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH'
  }
}
