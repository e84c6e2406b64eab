/**
 * Beginning from a peer's snapshot: a site that is far behind looks for one that saves it many blocks,
 * checks it from genesis, takes its parts over one by one into a chain beside the one in force, and puts
 * that in its place. What is taken over is durable; a kill at any instant goes on where it was. What peers
 * do wrong is their fault alone: without one that serves, the site replays.
 */
import type { InstallingView } from '../../core/api/sync-service.ts'
import { toHex0x } from '../../core/base/bytes.ts'
import { ok, type Result } from '../../core/base/result.ts'
import type { Genesis } from '../../core/chain/genesis.ts'
import type { LightState } from '../../core/chain/light.ts'
import { checkSnapshot } from '../../core/chain/snapshot.ts'
import {
  abandonInstall,
  beginInstall,
  resumeInstall,
  type SnapshotInstall,
} from '../../core/chain/snapshot-install.ts'
import type { Verifier } from '../../core/crypto/signature.ts'
import { backoffMs, type snapshotStartLimits } from './limits.ts'
import type { NextChain } from './next-chain.ts'
import { openSnapshotGround } from './snapshot-ground.ts'
import type { Listed, SnapshotSources, SourceFault } from './snapshot-sources.ts'

export type SnapshotStartParts = {
  readonly next: NextChain
  readonly sources: SnapshotSources
  readonly genesis: Genesis
  readonly verifier: Verifier
  /** Final height of the chain in force. */
  readonly finalHeight: () => number
  /** What a light client remembers that stands at its final block; undefined at genesis. */
  readonly lightState: () => LightState | undefined
  /** How the peers stand: final heights as they say, and whether all who are ahead keep too few blocks. */
  readonly peers: () => { readonly finalHeight: number; readonly isTooLate: boolean }
  /** Heights that a snapshot has to save; 0: the site always replays. */
  readonly heightsMin: number
  /** The new chain is there: whoever has the old one open has to open it again. */
  readonly onTaken: () => void
  readonly now: () => number
  /** Called when the next piece of work is due at another time. */
  readonly onChange: () => void
  readonly log: (entry: Readonly<Record<string, unknown>>) => void
  readonly limits: { readonly [Name in keyof typeof snapshotStartLimits]: number }
}

export type SnapshotStart = {
  /** Whether the chain in force stands still meanwhile: no blocks are made, and none are asked for. */
  readonly isBusy: () => boolean
  /** When to call `work` next, Unix milliseconds; undefined while there is nothing to do. */
  readonly dueAtMs: () => number | undefined
  /** Does what is due, to its end. Never rejects; does nothing while one runs. */
  readonly work: () => Promise<void>
  readonly view: () => InstallingView | undefined
}

/** Opens it; an unfinished one is gone on with. */
export function openSnapshotStart(parts: SnapshotStartParts): SnapshotStart {
  const { next, limits, now } = parts
  const options = {
    get store() {
      return next.store
    },
    genesis: parts.genesis,
    verifier: parts.verifier,
    onEntries: next.noteEntries,
  }
  const ground = openSnapshotGround(parts)
  let install: SnapshotInstall | undefined
  /** Whether the store has been asked for an unfinished one. */
  let resumed = false
  /** Undefined: the peers have to be asked who serves it. */
  let serving: string[] | undefined
  let tries = 0
  let running = false
  /** All of it is there: the chain in force signs nothing more, even where to put it in place fails. */
  let isWhole = false
  /** Before the first block is asked for, snapshots are. */
  let looked = parts.heightsMin === 0
  let dueMs = 0
  /** Whether the last look was for any snapshot that is ahead. */
  let lookedForAny = false

  const isFirst = () => !looked && parts.finalHeight() <= 0
  const isBehind = () => {
    if (parts.heightsMin === 0) return false
    const { finalHeight, isTooLate } = parts.peers()
    return isTooLate || finalHeight - parts.finalHeight() >= parts.heightsMin
  }
  const resume = () => {
    // The kill came between the last part and the change of place.
    if (next.takePlace()) {
      isWhole = false
      parts.onTaken()
    }
    install = resumeInstall(options)
    resumed = true
  }

  const workSome = async (): Promise<void> => {
    if (!resumed) resume()
    if (!install && (isFirst() || isBehind())) {
      await takeBack(next, limits.abandonNodesMax)
      install = await lookFor()
    }
    looked = true
    if (!install) {
      dueMs = now() + limits.lookEveryMs
      return
    }
    const outcome = await fetchAll(install)
    if (outcome === 'taken') {
      finish(install)
    } else if (outcome === 'given up') {
      parts.log({ msg: 'snapshot given up', height: heightOf(install) })
      install = undefined
      await takeBack(next, limits.abandonNodesMax)
      dueMs = now() + limits.lookEveryMs
    }
  }
  const finish = (done: SnapshotInstall): void => {
    install = undefined
    serving = undefined
    isWhole = true
    next.takePlace()
    isWhole = false
    parts.onTaken()
    const { chunks, entries } = done.checked
    parts.log({
      level: 'info',
      msg: 'began from a snapshot',
      height: heightOf(done),
      chunks: chunks.length,
      entries,
    })
  }

  /** Begins with the newest of those that save enough and can be believed. */
  const lookFor = async (): Promise<SnapshotInstall | undefined> => {
    lookedForAny = parts.peers().isTooLate
    const least = lookedForAny ? 1 : parts.heightsMin
    const listed = await parts.sources.look()
    const worthIt = listed.filter(({ height }) => height - parts.finalHeight() >= least)
    let tried = 0
    for (const each of worthIt) {
      for (const url of each.urls) {
        // Who lists many and serves none keeps nobody else from being asked.
        if (parts.sources.isLeftAlone(url)) continue
        if (tried++ === limits.candidatesMax) return undefined
        const begun = await beginWith(each, url)
        if (begun) return begun
      }
    }
    return undefined
  }
  const beginWith = async (
    { height, hash, urls }: Listed,
    url: string,
  ): Promise<SnapshotInstall | undefined> => {
    const description = await parts.sources.part({ url, height, part: 'description' })
    if (!description.ok) return undefined
    const checked = checkSnapshot(description.value, options)
    if (checked.ok && toHex0x(checked.value.hash) !== hash) {
      const message = 'it describes another block than it lists'
      parts.sources.fail(url, { code: 'SNAPSHOT_NOT_AS_LISTED', message })
      return undefined
    }
    if (checked.ok && !(await ground.show(url, checked.value)).ok) return undefined
    if (checked.ok) next.forgetEntries()
    const begun = checked.ok ? beginInstall(options, description.value) : checked
    if (!begun.ok) {
      parts.sources.fail(url, begun.error)
      return undefined
    }
    serving = [url, ...urls.filter((other) => other !== url)]
    tries = 0
    return begun.value
  }

  /** Takes parts over until none is left, nobody serves any now, or nobody will. */
  const fetchAll = async (into: SnapshotInstall): Promise<'taken' | 'later' | 'given up'> => {
    const window = openWindow(parts, into)
    for (;;) {
      if (parts.finalHeight() >= heightOf(into)) return 'given up'
      const part = into.wanted()
      if (part === undefined) return 'taken'
      serving ??= await serversOf(parts.sources, into)
      const usable = serving.filter((url) => !parts.sources.isLeftAlone(url))
      if (usable.length === 0) return waitOrGiveUp()
      const { url, answer } = await window.next(part, usable)
      // Blocks of others became final meanwhile, or this site was started anew: the last moment to ask.
      const shown = part === 'block' ? await ground.show(url, into.checked) : ok(undefined)
      const received = shown.ok ? answer : shown
      const taken = received.ok ? into.take(received.value, now()) : received
      if (taken.ok) {
        tries = 0
        parts.sources.succeed(url)
        continue
      }
      if (isOfThisSnapshot(taken.error)) serving = serving.filter((other) => other !== url)
      if (received.ok) parts.sources.fail(url, taken.error)
    }
  }
  const waitOrGiveUp = (): 'later' | 'given up' => {
    // Who serves it may be another one by then.
    serving = undefined
    tries += 1
    if (tries > limits.triesMax) return 'given up'
    dueMs = now() + backoffMs(tries, { first: limits.retryMs, max: limits.retryMsMax })
    return 'later'
  }

  const work = async (): Promise<void> => {
    if (running) return
    const mayLook = !install && !lookedForAny && parts.heightsMin > 0
    const isNewlyTooLate = mayLook && parts.peers().isTooLate
    if (now() < dueMs && !isNewlyTooLate) return
    if (resumed && !install && !isFirst() && !isBehind()) return
    running = true
    try {
      await workSome()
    } catch (error) {
      // This site's own fault: what memory holds may be ahead of the store.
      resumed = false
      looked = true
      dueMs = now() + limits.lookEveryMs
      const reason = error instanceof Error ? error.message : String(error)
      parts.log({ msg: 'snapshot start failed', error: reason })
    } finally {
      running = false
    }
    parts.onChange()
  }
  return {
    isBusy: () => running || isWhole || isFirst(),
    dueAtMs: () => {
      // While it runs it is only looked after, should the object have been put to sleep.
      if (running) return now() + limits.partTimeoutMs
      return install || !resumed ? dueMs : undefined
    },
    work,
    view: () => {
      if (!install) return undefined
      const { hash, chunks } = install.checked
      const wanted = install.wanted()
      return {
        height: heightOf(install),
        hash,
        installed: typeof wanted === 'number' ? wanted : chunks.length,
        chunks: chunks.length,
        sources: serving ?? [],
      }
    },
  }
}

const heightOf = ({ checked }: SnapshotInstall): number => Number(checked.header.height)

/** Takes an unfinished one back, in bounded steps. */
async function takeBack({ store }: NextChain, nodesMax: number): Promise<void> {
  while (abandonInstall(store, nodesMax)) await turn()
}

/** Who lists this very snapshot. */
async function serversOf(sources: SnapshotSources, into: SnapshotInstall): Promise<string[]> {
  const hash = toHex0x(into.checked.hash)
  const listed = await sources.look()
  return [...(listed.find((each) => each.hash === hash)?.urls ?? [])]
}

/** Asking the same peer again for a part of this snapshot would bring nothing else. */
const isOfThisSnapshot = ({ code }: SourceFault): boolean =>
  code === 'NOT_SERVED' ||
  code === 'CHUNK_INVALID' ||
  code === 'SNAPSHOT_BLOCK_INVALID' ||
  code === 'SNAPSHOT_NOT_EXTENDING'

type Part = number | 'block'
type Arrived = { readonly url: string; readonly answer: Result<Uint8Array, SourceFault> }

/** Asks for some parts ahead of the one that is wanted, of one peer after the other. */
function openWindow(
  { sources, limits }: SnapshotStartParts,
  into: SnapshotInstall,
): { readonly next: (part: Part, urls: readonly string[]) => Promise<Arrived> } {
  const height = heightOf(into)
  const { length } = into.checked.chunks
  const underWay = new Map<Part, Promise<Arrived>>()
  let turns = 0
  const ask = (part: Part, urls: readonly string[]): Promise<Arrived> => {
    const url = urls[turns++ % urls.length] as string
    return sources.part({ url, height, part }).then((answer) => ({ url, answer }))
  }
  return {
    next: async (part, urls) => {
      const first = part === 'block' ? length : part
      for (let at = first; at <= length && at < first + limits.windowMax; at++) {
        const name = at === length ? 'block' : at
        if (!underWay.has(name)) underWay.set(name, ask(name, urls))
      }
      const arrived = await (underWay.get(part) as Promise<Arrived>)
      underWay.delete(part)
      return arrived
    },
  }
}

/** Lets others have their turn. */
const turn = (): Promise<void> => new Promise((go) => setTimeout(go, 0))
