/**
 * Whether a snapshot stands on what is final here. That it is certified from genesis on is not enough: a
 * quorum of authorities that have left can sign another chain from there on. Nobody can sign one that has this
 * site's final block among its ancestors and is not a continuation of it.
 */
import { bytesEqual } from '../../core/base/bytes.ts'
import { err, ok, type Result } from '../../core/base/result.ts'
import { advanceLight, type LightState } from '../../core/chain/light.ts'
import type { CheckedSnapshot } from '../../core/chain/snapshot.ts'
import type { Verifier } from '../../core/crypto/signature.ts'
import type { SnapshotSources, SourceFault } from './snapshot-sources.ts'

export type SnapshotGroundParts = {
  readonly sources: Pick<SnapshotSources, 'way' | 'fail'>
  readonly verifier: Verifier
  /** What a light client remembers that stands at the final block of the chain in force; undefined at genesis. */
  readonly lightState: () => LightState | undefined
}

export type SnapshotGround = {
  /**
   * Has a peer show the way from this site's final block to that of the snapshot, unless it has been shown
   * since anything became final. Never rejects; a peer that does not show it is noted.
   */
  readonly show: (url: string, snapshot: CheckedSnapshot) => Promise<Result<void, SourceFault>>
}

/** Pieces of a way that one answer does not hold. */
const roundsMax = 64

/** Opens the judgement over the chain in force. */
export function openSnapshotGround(parts: SnapshotGroundParts): SnapshotGround {
  /** The final block for which it has been shown, and of which snapshot. */
  let shown: { readonly from: Uint8Array; readonly to: Uint8Array } | undefined

  const walk = async (
    url: string,
    from: LightState,
    to: number,
  ): Promise<Result<Uint8Array, SourceFault>> => {
    let at = from
    for (let round = 0; round < roundsMax; round++) {
      const way = await parts.sources.way(url, { from: at.head.height, to })
      if (!way.ok) return way
      const next = advanceLight(at, way.value, parts.verifier)
      if (!next.ok) return refuse(url, next.error.message)
      at = next.value
      if (!way.value.more) break
    }
    return ok(at.head.hash)
  }
  const refuse = (url: string, why: string): Result<never, SourceFault> => {
    const message = `it does not show that its snapshot continues what is final here: ${why}`
    const fault = { code: 'SNAPSHOT_NOT_EXTENDING', message } as const
    parts.sources.fail(url, fault)
    return err(fault)
  }

  return {
    show: async (url, { hash, header }) => {
      for (;;) {
        const state = parts.lightState()
        if (!state) return ok(undefined)
        const from = state.head.hash
        if (shown && bytesEqual(shown.from, from) && bytesEqual(shown.to, hash))
          return ok(undefined)
        const reached = await walk(url, state, Number(header.height))
        if (!reached.ok) return reached
        if (!bytesEqual(reached.value, hash)) return refuse(url, 'the way leads to another block')
        // Something may have become final meanwhile.
        shown = { from, to: hash }
      }
    },
  }
}
