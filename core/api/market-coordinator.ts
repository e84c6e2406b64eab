/**
 * What the coordinator does for the market: it knows the miners, keeps the accounts of API keys, and
 * sends transactions of the site. Plain data, so that it travels by RPC.
 */
import type { Result } from '../base/result.ts'
import type { BookingClose, BookingOpen } from '../chain/messages/booking.ts'
import type { Message } from '../chain/transaction.ts'
import type { Claim } from '../jobs/claim.ts'
import type { MinerCard } from '../jobs/miner-card.ts'
import type { ReceiptParties } from '../market/review.ts'
import type { ApiError } from './errors.ts'

/** What a miner signed when it introduced itself: with it anybody can check its card. */
export type SignedHello = {
  readonly version: number
  readonly site: string
  /** 32 bytes, hex. */
  readonly nonce: string
  /** The name that it gave itself: part of what it signed. */
  readonly label: string
  /** Hex. */
  readonly publicKey: string
  readonly text: string
  /** Hex. */
  readonly signature: string
}

/** A miner that is here now. */
export type MarketMiner = {
  readonly minerId: string
  /** Another one with each other card. */
  readonly revision: string
  /** Places that are free; null: it has no bound. */
  readonly free: number | null
  readonly speeds: readonly {
    readonly model: string
    readonly tokensPerSecond: number
    readonly samples: number
  }[]
  /** Whether a receipt that it signed has been paid. */
  readonly hasSignedReceipt: boolean
  readonly reputation: { readonly scoreMilli: number; readonly receipts: number }
}

/** What a miner said of itself. */
export type MarketCard = {
  readonly card: MinerCard
  /** 20 bytes. */
  readonly payout: Uint8Array
  /** Base units; undefined: not stated. */
  readonly pricePerHour: bigint | undefined
  readonly pricePerGpuSecond: bigint | undefined
  readonly cudaByGpu: readonly (string | null)[]
  /** Undefined for a miner of the original. */
  readonly hello: SignedHello | undefined
}

/** A transaction of the site’s own account: how far it is. */
export type Posted = {
  /** Undefined before it was signed. */
  readonly txHash: Uint8Array | undefined
  /** Whether it is still followed; when it is not, the chain says what became of it. */
  readonly isOpen: boolean
}

/** Booking messages, which the site signs for the owner of an API key. */
export type BookingMessage =
  | { readonly TAG: 'booking_open'; readonly data: BookingOpen }
  | { readonly TAG: 'booking_close'; readonly data: BookingClose }

/** The coordinator as the market sees it. */
export type MarketCoordinator = {
  /** Everybody who is here, by id. */
  marketMiners(): Promise<readonly MarketMiner[]>
  marketCard(minerId: string): Promise<MarketCard | undefined>
  receiptParties(receiptId: string): Promise<ReceiptParties | undefined>
  /** Offers that administrators withdrew, as the audit log has them, after an entry; oldest first. */
  withdrawals(
    after: number,
  ): Promise<readonly { readonly entry: number; readonly offerId: string }[]>
  /** Address of the account that the site keeps for a key; makes one where the chain has a faucet. */
  keyAddress(publicId: string): Promise<Result<Uint8Array, ApiError>>
  /**
   * Signs with the account of a key, and submits. What was signed under an id is kept: asked again, it is
   * submitted again and never signed anew.
   */
  keySend(send: {
    readonly id: string
    readonly publicId: string
    readonly message: BookingMessage
  }): Promise<Result<{ readonly bytes: Uint8Array }, ApiError>>
  /** Sends a transaction of the site’s account, once for an id, until it is final or cannot be. */
  post(post: {
    readonly id: string
    readonly message: Message
    readonly again: boolean
  }): Promise<void>
  posted(id: string): Promise<Posted | undefined>
  /**
   * Says which bookings and agreements hold, all of them; dispatch goes by the last list. Answers with the
   * tokens of paid results under these agreements, and under those that are `asked` for besides.
   */
  setClaims(
    claims: readonly Claim[],
    asked: readonly string[],
  ): Promise<Readonly<Record<string, number>>>
}
