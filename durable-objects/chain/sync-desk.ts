/**
 * What the chain object answers to other sites and to its operator (`SyncService`), over the exchange with
 * its peers.
 */
import type {
  ImportVerdict,
  InstallingView,
  PeersView,
  SigningVerdict,
  SyncService,
} from '../../core/api/sync-service.ts'
import { bytesEqual } from '../../core/base/bytes.ts'
import type { Engine } from '../../core/chain/engine-api.ts'
import type { AuthoritySet } from '../../core/chain/genesis.ts'
import type { Signer } from '../../core/crypto/signature.ts'
import { openOffences } from './offences.ts'
import { openOperatorWords } from './operator-words.ts'
import type { PeersParts, Taken } from './peer-context.ts'
import { memberOf } from './peer-record.ts'
import { openPeers, type Peers } from './peers.ts'
import { openReorgs, type Reorgs } from './reorgs.ts'
import type { SqliteStorage } from './sqlite-chain-store.ts'

export type SyncDesk = SyncService & {
  readonly exchange: Peers
  readonly reorgs: Reorgs
  /** Keeps what a step has shown of dishonest authorities. */
  readonly noteOffences: (found: Parameters<ReturnType<typeof openOffences>['note']>[0]) => void
}

export type SyncDeskParts = PeersParts & {
  readonly sql: SqliteStorage['sql']
  readonly authorities: () => AuthoritySet
  readonly signer: Signer
  /** The snapshot that is being taken over. */
  readonly installing: () => InstallingView | undefined
  /** A write of the engine that makes no step. */
  readonly write: (action: (engine: Engine, nowMs: number) => void) => void
}

/** Opens the desk and its tables. */
export function openSyncDesk(parts: SyncDeskParts): SyncDesk {
  const { engine, authorities, signer } = parts
  const offences = openOffences(parts.sql)
  const words = openOperatorWords(parts.sql)
  const reorgs = openReorgs(parts.sql)
  const exchange = openPeers(parts)
  return {
    exchange,
    reorgs,
    noteOffences: (found) =>
      offences.note(found, { authorities: authorities(), nowMs: parts.now() }),
    pull: async (ask) => exchange.answer(ask),
    announce: async (input) => exchange.hear(input),
    importBlock: async (bytes) =>
      parts.take((held, nowMs): Taken<ImportVerdict> => {
        const done = held.importBlock({ bytes, certificate: undefined }, nowMs)
        if (!done.ok) return { steps: [], value: { ok: false, ...done.error } }
        return { steps: [done.value], value: { ok: true, deserted: done.value.deserted } }
      }),
    peers: async (): Promise<PeersView> => {
      const { head, currentSlot, proposing, fault } = engine().status(parts.now())
      const member = memberOf(authorities(), signer.publicKey)
      return {
        name: member?.name ?? 'follower',
        authority: member?.publicKey,
        head,
        currentSlot,
        signing: proposing,
        fault: adviceOn(fault),
        reorgs: reorgs.count(),
        keptFrom: engine().keptFrom(),
        installing: parts.installing(),
        peers: exchange.view(),
        offences: offences.list(authorities()),
      }
    },
    setSigning: async ({ by, timestampMs, to }): Promise<SigningVerdict> => {
      const isOwn = bytesEqual(by, signer.publicKey) && memberOf(authorities(), by) !== undefined
      if (!isOwn) return { ok: false, code: 'AUTHORITY_REQUIRED' }
      if (!words.take(timestampMs)) return { ok: false, code: 'REQUEST_EXPIRED' }
      parts.write((held, nowMs) => {
        if (to === 'resume') held.resumeSigning(nowMs)
        else held.suspendSigning(nowMs)
      })
      return { ok: true, signing: engine().status(parts.now()).proposing }
    },
  }
}

/** Why a site signs nothing, and what its operator can do. */
export const adviceOn = (fault: string | undefined): string | undefined =>
  fault && `${fault}: npm run signing -- --help`
