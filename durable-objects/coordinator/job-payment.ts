/**
 * What pays for a job before it is taken: the permission that an account signed, or one that the delegate of
 * an API key signs here, and the escrow behind it as it is known.
 */
import { randomBytes } from 'node:crypto'
import type { SubmitJob } from '../../core/api/coordinator-service.ts'
import type { ApiError } from '../../core/api/errors.ts'
import { toHex } from '../../core/base/bytes.ts'
import { err, ok, type Result } from '../../core/base/result.ts'
import {
  type Authorisation,
  authorisationCoder,
  authorisationSigningBytes,
} from '../../core/chain/authorisation.ts'
import type { Signer } from '../../core/crypto/signature.ts'
import { jobHashOf } from '../../core/jobs/job-spec.ts'
import type { ApiKeys } from './api-keys.ts'
import type { ChainView, KnownEscrow } from './chain-view.ts'
import type { Custody } from './custody.ts'
import type { Funds } from './funds.ts'
import { settleByOf } from './key-money.ts'
import type { Settings } from './settings.ts'

/** A permission to pay, as it will be kept, and its escrow. */
export type Paid = {
  readonly authorisation: Authorisation
  readonly bytes: Uint8Array
  readonly signature: Uint8Array
  readonly escrow: KnownEscrow
}

export type JobPaymentParts = {
  readonly settings: Settings
  readonly apiKeys: ApiKeys
  readonly view: ChainView
  readonly custody: Custody
  readonly funds: Funds
  readonly now: () => number
}

export function openJobPayment(parts: JobPaymentParts) {
  const { settings, apiKeys, view, custody, funds, now } = parts
  const { authorisationLifeSlots, faucetMax } = settings.genesis.parameters
  const lifeSlots = Number(authorisationLifeSlots)

  /** The signed permission that an account sent along, and the escrow that it names. */
  const byAccount = async (
    job: SubmitJob,
    authorisation: Authorisation | undefined,
  ): Promise<Result<Paid, ApiError>> => {
    if (!job.authorisation || !authorisation) return err({ code: 'AUTHORISATION_INVALID' })
    const { bytes, signature } = job.authorisation
    const escrowId = authorisation.escrow
    const peeked = view.peek(escrowId, now())
    // What is missing may have become final a moment ago.
    const known = peeked?.escrow ? ok(peeked) : await view.read(escrowId)
    if (!known.ok) return known
    return ok({ authorisation, bytes, signature, escrow: known.value })
  }

  /** A permission by the delegate of an API key. */
  const byKey = async (
    owner: string,
    job: SubmitJob,
    limit: bigint,
    besides: bigint,
  ): Promise<Result<Paid, ApiError>> => {
    const delegate = apiKeys.delegateOf(owner)
    if (!delegate) return err({ code: 'AUTHORIZATION_ERROR' })
    let escrow = await custody.escrowOf(owner)
    if (!escrow.ok) return escrow
    const lack = lackOf(escrow.value, delegate, limit + besides)
    if (lack > 0n && lack <= faucetMax) {
      const refilled = await custody.refill(owner)
      if (!refilled.ok) return refilled
      escrow = await custody.escrowOf(owner)
      if (!escrow.ok) return escrow
    }
    const found = escrow.value.escrow
    if (!found) return err({ code: 'ESCROW_REQUIRED' })
    // A limit may be stated that no amount can hold: it is not signed.
    if (limit > found.balance) return err({ code: 'ESCROW_EXHAUSTED' })
    const settleBy = settleByOf({
      escrow: found,
      delegate: delegate.publicKey,
      nowSlot: view.slotNow(),
      ttlSeconds: job.ttlSeconds,
      authorisationLifeSlots: lifeSlots,
    })
    if (!settleBy.ok) return settleBy
    const authorisation: Authorisation = {
      escrow: found.id,
      number: BigInt(`0x${toHex(new Uint8Array(randomBytes(8)))}`),
      limit,
      settleBy: BigInt(settleBy.value),
      jobHash: jobHashOf(job.spec),
      signer: delegate.publicKey,
    }
    const message = authorisationSigningBytes(settings.genesisHash, authorisation)
    const signature = delegate.sign(message)
    settings.shared.remember({ signature, message, publicKey: delegate.publicKey })
    const bytes = authorisationCoder.encode(authorisation)
    return ok({ authorisation, bytes, signature, escrow: escrow.value })
  }

  /** What a key's budget is short of for a limit; a gift of the faucet can bring `faucetMax` at most. */
  const lackOf = ({ escrow }: KnownEscrow, delegate: Signer, limit: bigint): bigint =>
    escrow === undefined ? 0n : limit - funds.available(escrow, delegate.publicKey).budget

  return { byAccount, byKey }
}
