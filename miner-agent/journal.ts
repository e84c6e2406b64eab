/**
 * The journal, `$AITBC_HOME/releases/ID.ndjson`: one line when a release arrives, one when its payment is
 * final. What has the first and not the second is money that the agent sees to itself. Before the agent signs
 * a receipt it writes here that it will, so that it never signs another for the same attempt, whatever it is
 * asked and whenever it is killed: two are evidence that burns its bond. A line cut short by a crash is dropped
 * and everything else counts; the damaged file is kept beside the new one.
 */
import { copyFileSync, existsSync, readFileSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { dirname } from 'node:path'
import * as z from 'zod'
import { makePrivateFolder, writePrivateFile } from './home.ts'

const hex = z.string().regex(/^(?:[0-9a-f]{2})+$/)
const units = z.string().regex(/^\d{1,20}$/)

const releaseLine = z.object({
  kind: z.literal('release'),
  attempt_id: z.string(),
  job_id: z.string(),
  /** Site and chain on which it can be settled. */
  api: z.string(),
  genesis_hash: hex,
  authorisation: hex,
  authorisation_signature: hex,
  release: hex,
  release_signature: hex,
  receipt: hex,
  receipt_signature: hex,
  /** Base units charged, before the coordinator's share. */
  amount: units,
  /** Last slot at which it can be settled. */
  settle_by: units,
  received_at_ms: z.int(),
})
/** A release with all that a settlement needs. */
export type JournalRelease = z.infer<typeof releaseLine>

const closedLine = z.object({
  kind: z.enum(['settled', 'lost']),
  attempt_id: z.string(),
  /** `settled`: the transaction; `lost`: why it cannot be settled any more. */
  tx_hash: z.string().optional(),
  block_height: z.int().optional(),
  reason: z.string().optional(),
  at_ms: z.int(),
})
export type JournalClosing = z.infer<typeof closedLine>

const signedLine = z.object({
  kind: z.literal('signed'),
  genesis_hash: hex,
  /** Hash of the authorisation that the receipt names. */
  authorisation: hex,
  job_id: hex,
  attempt: z.int(),
  of: z.enum(['whole', 'part']),
  /** Last slot of the authorisation: what was signed under it is evidence for a while longer. */
  settle_by: units,
})
/** That a receipt is about to be signed, and which. */
export type JournalSigned = z.infer<typeof signedLine>

const forgottenLine = z.object({
  kind: z.literal('forgotten'),
  genesis_hash: hex,
  before_slot: units,
})

const line = z.discriminatedUnion('kind', [releaseLine, closedLine, signedLine, forgottenLine])

export type Journal = {
  /** Releases without a closing line, oldest first. */
  open(): readonly JournalRelease[]
  /** Base units of all open releases. */
  openAmount(): bigint
  /** Both resolve when the line is on the disk. */
  add(release: JournalRelease): Promise<void>
  close(closing: JournalClosing): Promise<void>
  /**
   * Notes that a receipt is about to be signed; undefined when one was signed already, now or before a
   * restart. Sign when it has resolved, and not when it rejects.
   */
  sign(signed: JournalSigned): Promise<void> | undefined
  hasSigned(signed: JournalSigned): boolean
  /** Forgets notes of one chain whose settle-by lies before a slot: nobody can use them any more. */
  forgetSigned(genesisHash: string, beforeSlot: bigint): Promise<void>
  /** Waits for what is being written and gives the file back. */
  end(): Promise<void>
}

/** Releases without a closing line, read beside an agent that is at work: nothing is written. */
export const readOpenReleases = (path: string): readonly JournalRelease[] => [
  ...readLines(path).releases.values(),
]

/** Closed entries beyond which the file is written anew at the next opening. */
const closedMax = 1_000

/** Opens the journal; makes it when there is none. */
export async function openJournal(path: string): Promise<Journal> {
  makePrivateFolder(dirname(path))
  const { releases, notes, closed, torn } = readLines(path)
  if (torn) copyFileSync(path, `${path}.damaged`)
  if (torn || closed > closedMax) {
    writePrivateFile(
      path,
      [...notes.values(), ...releases.values()]
        .map((entry) => `${JSON.stringify(entry)}\n`)
        .join(''),
    )
  }
  const file = await open(path, 'a', 0o600)
  const append = openAppender(file)
  let openAmount = [...releases.values()].reduce((sum, { amount }) => sum + BigInt(amount), 0n)
  return {
    open: () => [...releases.values()],
    openAmount: () => openAmount,
    add(release) {
      const before = releases.get(release.attempt_id)
      openAmount += BigInt(release.amount) - BigInt(before?.amount ?? 0)
      releases.set(release.attempt_id, release)
      return append(release)
    },
    close(closing) {
      const release = releases.get(closing.attempt_id)
      if (release === undefined) return Promise.resolve()
      releases.delete(closing.attempt_id)
      openAmount -= BigInt(release.amount)
      return append(closing)
    },
    sign(signed) {
      const name = nameOf(signed)
      if (notes.has(name)) return undefined
      notes.set(name, signed)
      return append(signed)
    },
    hasSigned: (signed) => notes.has(nameOf(signed)),
    forgetSigned(genesisHash, beforeSlot) {
      if (forget(notes, genesisHash, beforeSlot) === 0) return Promise.resolve()
      return append({
        kind: 'forgotten',
        genesis_hash: genesisHash,
        before_slot: String(beforeSlot),
      })
    },
    async end() {
      await append(undefined)
      await file.close()
    },
  }
}

/** One receipt of each kind for an attempt, by what the chain compares. */
const nameOf = ({ genesis_hash, authorisation, job_id, attempt, of }: JournalSigned): string =>
  [genesis_hash, authorisation, job_id, attempt, of].join(' ').toLowerCase()

/** How many were forgotten. */
function forget(
  notes: Map<string, JournalSigned>,
  genesisHash: string,
  beforeSlot: bigint,
): number {
  const before = notes.size
  for (const [name, note] of notes) {
    const isOver = note.genesis_hash === genesisHash && BigInt(note.settle_by) < beforeSlot
    if (isOver) notes.delete(name)
  }
  return before - notes.size
}

function readLines(path: string): {
  releases: Map<string, JournalRelease>
  notes: Map<string, JournalSigned>
  closed: number
  torn: boolean
} {
  const releases = new Map<string, JournalRelease>()
  const notes = new Map<string, JournalSigned>()
  let closed = 0
  let torn = false
  if (!existsSync(path)) return { releases, notes, closed, torn }
  const text = readFileSync(path, 'utf8')
  for (const row of text.split('\n')) {
    if (row === '') continue
    const entry = parseLine(row)
    if (entry === undefined) torn = true
    else if (entry.kind === 'release') releases.set(entry.attempt_id, entry)
    else if (entry.kind === 'signed') notes.set(nameOf(entry), entry)
    else if (entry.kind === 'forgotten') {
      closed += forget(notes, entry.genesis_hash, BigInt(entry.before_slot))
    } else if (releases.delete(entry.attempt_id)) closed += 1
  }
  return { releases, notes, closed, torn: torn || (text !== '' && !text.endsWith('\n')) }
}

function parseLine(row: string): z.infer<typeof line> | undefined {
  try {
    return line.parse(JSON.parse(row))
  } catch {
    return undefined
  }
}

/** Writes lines in order; those that come while the disk is busy share its next round. */
function openAppender(file: FileHandle): (entry: object | undefined) => Promise<void> {
  let waiting: string[] = []
  let next: Promise<void> | undefined
  let last: Promise<void> = Promise.resolve()
  const round = async (): Promise<void> => {
    await last.catch(() => undefined)
    const text = waiting.join('')
    waiting = []
    last = next ?? last
    next = undefined
    if (text === '') return
    await file.appendFile(text)
    await file.datasync()
  }
  return (entry) => {
    if (entry !== undefined) waiting.push(`${JSON.stringify(entry)}\n`)
    next ??= round()
    return next
  }
}
