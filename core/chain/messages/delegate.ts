/** Delegate grant and revoke: a key with a budget on one escrow, what stands behind an API key. */
import * as P from 'micro-packed'
import { bytes32 } from '../../base/coders.ts'
import { delegateTermsCoder } from './escrow.ts'

/** Grants, or replaces the terms of, a delegate. Only the owner of the escrow may. */
export const delegateGrantCoder = P.struct({ escrow: bytes32, terms: delegateTermsCoder })
export type DelegateGrant = P.UnwrapCoder<typeof delegateGrantCoder>

/** Revokes: binds the coordinator at once, the chain after the notice (SPEC.md). */
export const delegateRevokeCoder = P.struct({ escrow: bytes32, delegate: bytes32 })
export type DelegateRevoke = P.UnwrapCoder<typeof delegateRevokeCoder>
