/**
 * The peers as those who serve snapshots: what each lists, fetching parts from whoever has them, and leaving
 * alone, longer each time, who cannot be reached or serves what is refused.
 */

import { type SnapshotsJson, snapshotsSchema } from '../../core/api/schemas/snapshots.ts'
import type { PeerFailureCode, PeerView } from '../../core/api/sync-service.ts'
import { decodeCanonical } from '../../core/base/coders.ts'
import { ok, type Result } from '../../core/base/result.ts'
import type { SnapshotPart } from '../../core/chain/engine-snapshot.ts'
import type { LightUpdate } from '../../core/chain/light.ts'
import { lightAnswerCoder } from '../../core/chain/light-coders.ts'
import { snapshotBytesMax } from '../../core/chain/limits.ts'
import type { SnapshotFault } from '../../core/chain/snapshot.ts'
import { backoffMs, type snapshotStartLimits } from './limits.ts'
import { exchange, type PeerFetch } from './peer-exchange.ts'

/** Why a peer is no source for now. */
export type SourceFault = {
  readonly code:
    | PeerFailureCode
    | SnapshotFault['code']
    | 'SNAPSHOT_NOT_AS_LISTED'
    | 'SNAPSHOT_NOT_EXTENDING'
  readonly message: string
}

/** A snapshot that peers list. `hash`: of its block, 0x and hex. */
export type Listed = {
  readonly height: number
  readonly hash: string
  readonly urls: readonly string[]
}

export type SnapshotSourcesParts = {
  /** Origins of the peers that may be asked; those that are on another final chain are not among them. */
  readonly urls: () => readonly string[]
  readonly fetch: PeerFetch
  readonly now: () => number
  readonly log: (entry: Readonly<Record<string, unknown>>) => void
  readonly limits: { readonly [Name in keyof typeof snapshotStartLimits]: number }
}

export type SnapshotSources = {
  /** Asks all that are not left alone. The highest first. */
  readonly look: () => Promise<readonly Listed[]>
  /** A part from one peer. Never rejects; a failure is noted. */
  readonly part: (from: {
    readonly url: string
    readonly height: number
    readonly part: SnapshotPart
  }) => Promise<Result<Uint8Array, SourceFault>>
  /** The way of a light client between two heights, as one peer shows it. Never rejects; as `part`. */
  readonly way: (
    url: string,
    range: { readonly from: number; readonly to: number },
  ) => Promise<Result<LightUpdate, SourceFault>>
  /** Notes what is wrong with a peer; it is logged when it is another fault than before. */
  readonly fail: (url: string, fault: SourceFault) => void
  /** Notes that a part of a peer was good: it can be reached. What it once did wrong is not forgotten. */
  readonly succeed: (url: string) => void
  readonly isLeftAlone: (url: string) => boolean
}

type Failing = { code: SourceFault['code']; count: number; untilMs: number }

/** Opens the peers as sources. */
export function openSnapshotSources(parts: SnapshotSourcesParts): SnapshotSources {
  const { limits } = parts
  const failures = new Map<string, Failing>()

  const fail = (url: string, fault: SourceFault): void => {
    const before = failures.get(url)
    const count = (before?.count ?? 0) + 1
    const bounds = isOfTheLine(fault)
      ? { first: limits.retryMs, max: limits.retryMsMax }
      : { first: limits.distrustMs, max: limits.distrustMsMax }
    const untilMs = parts.now() + backoffMs(Math.min(count, 20), bounds)
    failures.set(url, { code: fault.code, count, untilMs })
    if (before?.code === fault.code) return
    parts.log({ msg: 'snapshot source failing', peer: url, ...fault })
  }
  const isLeftAlone = (url: string) => (failures.get(url)?.untilMs ?? 0) > parts.now()

  const listOf = async (url: string): Promise<SnapshotsJson['snapshots']> => {
    const answer = await exchange({
      fetch: parts.fetch,
      url: `${url}/rpc/snapshots`,
      mediaType: 'application/json',
      bytesMax: limits.listBytesMax,
      timeoutMs: limits.listTimeoutMs,
    })
    const read = answer.ok ? readList(answer.value) : answer
    if (read.ok) return read.value
    // The exchange of blocks says of such a peer what there is to say.
    if (!isOfTheLine(read.error)) fail(url, read.error)
    return []
  }
  return {
    fail,
    isLeftAlone,
    succeed: (url) => {
      const failing = failures.get(url)
      // Its code stays, so that a line that comes and goes is not logged each time.
      if (failing && isOfTheLine(failing)) failures.set(url, { ...failing, count: 0, untilMs: 0 })
    },
    look: async () => {
      const urls = parts.urls().filter((url) => !isLeftAlone(url))
      const lists = await Promise.all(
        urls.map(async (url) => ({ url, snapshots: await listOf(url) })),
      )
      const found = new Map<string, { height: number; hash: string; urls: string[] }>()
      for (const { url, snapshots } of lists) {
        for (const { height, hash } of snapshots) {
          const known = found.get(`${height} ${hash}`)
          if (known) known.urls.push(url)
          else found.set(`${height} ${hash}`, { height, hash, urls: [url] })
        }
      }
      return [...found.values()].sort((a, b) => b.height - a.height)
    },
    part: async ({ url, height, part }) => {
      const answer = await exchange({
        fetch: parts.fetch,
        url: `${url}/rpc/snapshots/${height}${part === 'description' ? '' : `/${part}`}`,
        bytesMax: bytesMaxOf(part, limits),
        timeoutMs: limits.partTimeoutMs,
      })
      if (!answer.ok) fail(url, answer.error)
      return answer
    },
    way: async (url, { from, to }) => {
      const answer = await exchange({
        fetch: parts.fetch,
        url: `${url}/rpc/light?from=${from}&to=${to}`,
        bytesMax: snapshotBytesMax,
        timeoutMs: limits.partTimeoutMs,
      })
      const read = answer.ok ? readWay(answer.value) : answer
      if (!read.ok) fail(url, read.error)
      return read
    },
  }
}

/** Nothing says that such a peer means ill. */
const isOfTheLine = ({ code }: Pick<SourceFault, 'code'>): boolean =>
  code === 'UNREACHABLE' || code === 'TIMEOUT' || code === 'RATE_LIMITED' || code === 'NOT_SERVED'

function bytesMaxOf(part: SnapshotPart, limits: SnapshotSourcesParts['limits']): number {
  if (part === 'description') return snapshotBytesMax
  return part === 'block' ? limits.blockBytesMax : limits.chunkBytesMax
}

function readList(bytes: Uint8Array): Result<SnapshotsJson['snapshots'], SourceFault> {
  try {
    const read = snapshotsSchema.safeParse(JSON.parse(new TextDecoder().decode(bytes)))
    if (read.success) return ok(read.data.snapshots)
  } catch {
    // As below.
  }
  const message = 'what it lists are no snapshots'
  return { ok: false, error: { code: 'ANSWER_INVALID', message } }
}

function readWay(bytes: Uint8Array): Result<LightUpdate, SourceFault> {
  const read = decodeCanonical(lightAnswerCoder, bytes)
  if (read.ok) return ok(read.value.update)
  return { ok: false, error: { code: 'ANSWER_INVALID', message: 'what it shows is no way' } }
}

/** Peers that are not known to be on another final chain. */
export const sourcesAmong = (peers: readonly PeerView[]): string[] =>
  peers.filter(({ agreement }) => agreement !== 'no').map(({ url }) => url)

/** How the peers stand towards a site that is at a final height. */
export function standingOf(
  peers: readonly PeerView[],
  finalHeight: number,
): { readonly finalHeight: number; readonly isTooLate: boolean } {
  const heights = peers.map(({ position }) => position?.finalHeight ?? 0)
  const isHelpful = ({ failure, position }: PeerView) =>
    !failure && position !== undefined && position.finalHeight > finalHeight
  const keepsTooFew = peers.some(({ failure }) => failure?.code === 'BLOCK_NOT_KEPT')
  return {
    finalHeight: Math.max(0, ...heights),
    isTooLate: keepsTooFew && !peers.some(isHelpful),
  }
}
