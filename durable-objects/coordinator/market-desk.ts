/**
 * What the coordinator does for the market: who is here and what they signed, whose receipt is whose,
 * transactions of the site's account and of the accounts that it keeps for API keys.
 */
import type { ChainService } from '../../core/api/chain-service.ts'
import type { ApiError } from '../../core/api/errors.ts'
import type {
  BookingMessage,
  MarketCard,
  MarketCoordinator,
  MarketMiner,
  SignedHello,
} from '../../core/api/market-coordinator.ts'
import { parseCoins } from '../../core/base/amount.ts'
import { toHex, utf8ToBytes } from '../../core/base/bytes.ts'
import { err, ok, type Result } from '../../core/base/result.ts'
import { sufficientFee } from '../../core/chain/fees.ts'
import { signTransaction, type TransactionBody } from '../../core/chain/transaction.ts'
import { addressOf } from '../../core/crypto/address.ts'
import { sha256 } from '../../core/crypto/hash.ts'
import type { Signer } from '../../core/crypto/signature.ts'
import type { Claim } from '../../core/jobs/claim.ts'
import { type CapabilityCard, capabilityCardSchema } from '../../core/jobs/miner-protocol.ts'
import { timePrices } from '../../core/market/time-price.ts'
import { type ChainView, withTimeout } from './chain-view.ts'
import type { Claims } from './claims.ts'
import { coordinatorLimits as limits } from './limits.ts'
import type { Miner, Miners } from './miners.ts'
import type { Posts } from './posts.ts'
import { addColumn, type Blob, bytesOf, rowsOf, type SqlDatabase } from './schema.ts'
import type { Settings } from './settings.ts'

export type MarketDeskParts = {
  readonly database: SqlDatabase
  readonly settings: Settings
  readonly miners: Miners
  readonly chain: ChainService
  readonly view: ChainView
  readonly posts: Posts
  readonly standing: {
    readonly speedOf: (
      minerId: string,
      model: string,
    ) => { readonly tokensPerSecond: number; readonly samples: number } | undefined
  }
  readonly reputations: {
    readonly read: (minerId: string) => {
      readonly reputation: { readonly scoreMilli: number; readonly receipts: number }
    }
  }
  /** The account behind an API key, once it is there and rests. */
  readonly accountFor: (publicId: string) => Promise<Result<Signer, ApiError>>
  /** Asks the faucet for a gift to that account; false where there is none now. */
  readonly giftFor: (publicId: string, address: Uint8Array) => Promise<boolean>
  /** Address of the account that owns a key of its own making; undefined for keys of the operator. */
  readonly ownerOfKey: (publicId: string) => string | undefined
  /** A transaction waits to be sent. */
  readonly onPost: () => void
  readonly claims: Claims
  /** Gives a miner what waits for its free places. */
  readonly fill: (minerId: string) => void
}

export type MarketDesk = ReturnType<typeof openMarketDesk>

/**
 * Lays down the table of signed introductions, which go with the names of their miners: strangers make these up
 * for nothing, each with a card. Before sockets are opened.
 */
export function createHellos(database: SqlDatabase) {
  for (const statement of [createTable, createFollowing, deleteNameless]) {
    database.sql.exec(statement)
  }
  return (hello: SignedHello & { readonly minerId: string }): void =>
    void database.sql.exec(
      upsert,
      hello.minerId,
      hello.version,
      hello.site,
      hello.nonce,
      hello.label,
      hello.publicKey,
      hello.text,
      hello.signature,
    )
}

export function openMarketDesk(parts: MarketDeskParts) {
  const { database, settings, miners, chain, view, posts } = parts
  database.sql.exec(createSends)
  const ofSends = { table: 'key_sends', name: 'at_ms', type: 'INTEGER NOT NULL DEFAULT 0' }
  if (addColumn(database, ofSends)) database.sql.exec('UPDATE key_sends SET at_ms = ?', Date.now())
  const revisions = new WeakMap<object, string>()
  const lines = new Map<string, Promise<unknown>>()
  const ask = <T>(question: Promise<T>) => withTimeout(question, limits.chainWaitMs)

  const revisionOf = (miner: Miner): string => {
    const known = revisions.get(miner.card)
    if (known !== undefined) return known
    const [row] = rowsOf<{ card: string }>(database, selectCard, miner.card.minerId)
    const hash = toHex(sha256(utf8ToBytes(`${toHex(miner.payout)} ${row?.card ?? ''}`)))
    revisions.set(miner.card, hash)
    return hash
  }

  const minerView = (miner: Miner): MarketMiner => {
    const { minerId, concurrency, models } = miner.card
    const { scoreMilli, receipts } = parts.reputations.read(minerId).reputation
    return {
      minerId,
      revision: revisionOf(miner),
      free: concurrency === 0 ? null : Math.max(0, concurrency - miner.inflight),
      speeds: models.flatMap(({ name }) => {
        const speed = parts.standing.speedOf(minerId, name)
        return speed ? [{ model: name, ...speed }] : []
      }),
      hasSignedReceipt: receipts > 0,
      reputation: { scoreMilli, receipts },
    }
  }

  /** One at a time for each account: two transactions must not take one nonce. */
  const inLine = <T>(publicId: string, work: () => Promise<T>): Promise<T> => {
    const before = lines.get(publicId) ?? Promise.resolve()
    const mine = before.then(work, work)
    const settled = mine
      .catch(() => undefined)
      .finally(() => {
        if (lines.get(publicId) === settled) lines.delete(publicId)
      })
    lines.set(publicId, settled)
    return mine
  }

  const sign = async (
    publicId: string,
    message: BookingMessage,
  ): Promise<Result<Uint8Array, ApiError>> => {
    const account = await parts.accountFor(publicId)
    if (!account.ok) return account
    const address = addressOf(account.value.publicKey)
    const cost = costOf(message)
    const untilMs = Date.now() + limits.custodyWaitMs
    let isAsked = false
    while (true) {
      const { balance, nextNonce } = await ask(chain.account(address))
      const body: TransactionBody = {
        version: 1,
        sender: account.value.publicKey,
        nonce: nextNonce,
        fee: 0n,
        validUntil: BigInt(view.slotNow() + limits.settleValiditySlots),
        message,
      }
      const fee = sufficientFee(settings.genesis.parameters, body)
      if (balance >= cost + fee) {
        return ok(signTransaction(settings.genesisHash, { ...body, fee }, account.value))
      }
      const { faucetMax } = settings.genesis.parameters
      const isWithin = cost + fee <= balance + faucetMax
      if (!isWithin && !isAsked) return err({ code: 'BALANCE_TOO_LOW' })
      if (!isAsked && !(await parts.giftFor(publicId, address))) {
        return err({ code: 'BALANCE_TOO_LOW' })
      }
      isAsked = true
      if (Date.now() >= untilMs) {
        const message = 'The account of this key is being funded; ask again in a few seconds.'
        return err({ code: 'ESCROW_NOT_FINAL', message })
      }
      await new Promise((resolve) => setTimeout(resolve, limits.custodyPollMs))
    }
  }

  const send: MarketCoordinator['keySend'] = ({ id, publicId, message }) =>
    inLine(publicId, async () => {
      const [known] = rowsOf<{ bytes: Blob }>(
        database,
        'SELECT bytes FROM key_sends WHERE id = ?',
        id,
      )
      let bytes = known && bytesOf(known.bytes)
      try {
        if (!bytes) {
          const signed = await sign(publicId, message)
          if (!signed.ok) return signed
          bytes = signed.value
          database.sql.exec(insertSend, id, bytes, Date.now())
        }
        const [verdict] = await ask(chain.submit([bytes]))
        if (!known && verdict && !verdict.ok) {
          database.sql.exec('DELETE FROM key_sends WHERE id = ?', id)
          return err<ApiError>({ code: verdict.error.code, message: verdict.error.message })
        }
      } catch {
        // What is signed is on disk, and is sent again by whoever follows it.
        if (!bytes) return err<ApiError>({ code: 'CHAIN_UNAVAILABLE' })
      }
      return ok({ bytes })
    })

  return {
    marketMiners: async () => [...miners.all()].map(minerView),

    marketCard: async (minerId: string): Promise<MarketCard | undefined> => {
      const miner = miners.get(minerId)
      const [row] = rowsOf<{ card: string }>(database, selectCard, minerId)
      if (!miner || !row) return undefined
      const [hello] = rowsOf<SignedHello>(database, selectHello, minerId)
      return {
        card: miner.card,
        payout: miner.payout,
        hello: miner.card.kind === 'agent' ? hello : undefined,
        ...pricesOf(miner, row.card),
      }
    },

    receiptParties: async (receiptId: string) => {
      const [row] = rowsOf<{ client: string; miner_id: string }>(database, selectParties, receiptId)
      if (!row) return undefined
      if (row.client.startsWith('aitbc1')) {
        return { owners: [`account:${row.client}`], minerId: row.miner_id }
      }
      const account = parts.ownerOfKey(row.client)
      const owners = [`key:client:${row.client}`, ...(account ? [`account:${account}`] : [])]
      return { owners, minerId: row.miner_id }
    },

    withdrawals: async (after: number) =>
      rowsOf<{ entry: number; offerId: string }>(database, selectWithdrawals, after),

    keyAddress: async (publicId: string) => {
      const account = await parts.accountFor(publicId)
      return account.ok ? ok(addressOf(account.value.publicKey)) : account
    },
    keySend: send,

    post: async (post: Parameters<Posts['put']>[0]) => {
      if (posts.put(post)) parts.onPost()
    },
    posted: async (id: string) => posts.posted(id),

    setClaims: async (claims: readonly Claim[], asked: readonly string[]) => {
      for (const minerId of parts.claims.set(claims)) parts.fill(minerId)
      const agreements = claims.filter(({ kind }) => kind === 'agreement')
      return parts.claims.paidTokens([...agreements.map(({ claimId }) => claimId), ...asked])
    },

    /** Forgets what was signed for keys before a time; bookings that are under way ask for the newest. */
    sweep: (beforeMs: number): void =>
      void database.sql.exec('DELETE FROM key_sends WHERE at_ms < ?', beforeMs),
  } satisfies MarketCoordinator & { sweep: (beforeMs: number) => void }
}

const costOf = (message: BookingMessage): bigint =>
  message.TAG === 'booking_open' ? message.data.price * message.data.slots : 0n

/** Prices by time, where the miner states them: an agent in base units, one of the original in AITBC. */
function pricesOf(
  miner: Miner,
  text: string,
): Pick<MarketCard, 'pricePerHour' | 'pricePerGpuSecond' | 'cudaByGpu'> {
  const stated: unknown = JSON.parse(text)
  if (miner.card.kind === 'agent') {
    const card = capabilityCardSchema.safeParse(stated)
    const gpus: CapabilityCard['gpus'] = card.success ? card.data.gpus : []
    const { price_hour: hour, price_gpu_second: second } = card.success ? card.data : {}
    return {
      ...timePrices({
        pricePerHour: hour === undefined ? undefined : BigInt(hour),
        pricePerGpuSecond: second === undefined ? undefined : BigInt(second),
        gpus: gpus.length,
        places: miner.card.concurrency,
      }),
      cudaByGpu: gpus.map((gpu) => gpu.cuda ?? null),
    }
  }
  const { capabilities } = stated as { readonly capabilities: Record<string, unknown> }
  const perSecond = unitsOf(capabilities['price_per_second'] ?? capabilities['unit_price'])
  const hour = unitsOf(capabilities['pricing_per_hour'] ?? capabilities['price_per_hour'])
  return {
    ...timePrices({
      pricePerHour: hour,
      pricePerGpuSecond: perSecond,
      gpus: miner.card.gpus.length,
      places: miner.card.concurrency,
    }),
    cudaByGpu: miner.card.gpus.map(() => miner.card.cuda || null),
  }
}

function unitsOf(stated: unknown): bigint | undefined {
  if (typeof stated !== 'number' && typeof stated !== 'string') return undefined
  const number = Number(stated)
  if (!Number.isFinite(number) || number < 0 || number > 1_000_000) return undefined
  const units = parseCoins(number.toFixed(8))
  return units.ok ? units.value : undefined
}

const createTable = `CREATE TABLE IF NOT EXISTS hellos (
  miner_id TEXT PRIMARY KEY,
  version INTEGER NOT NULL,
  site TEXT NOT NULL,
  nonce TEXT NOT NULL,
  label TEXT NOT NULL,
  public_key TEXT NOT NULL,
  card TEXT NOT NULL,
  signature TEXT NOT NULL
) WITHOUT ROWID`
const createFollowing = `CREATE TRIGGER IF NOT EXISTS hellos_follow AFTER DELETE ON miners BEGIN
  DELETE FROM hellos WHERE miner_id = OLD.miner_id;
END`
const deleteNameless = 'DELETE FROM hellos WHERE miner_id NOT IN (SELECT miner_id FROM miners)'
const createSends = `CREATE TABLE IF NOT EXISTS key_sends (
  id TEXT PRIMARY KEY,
  bytes BLOB NOT NULL,
  at_ms INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID`
const insertSend = 'INSERT INTO key_sends (id, bytes, at_ms) VALUES (?, ?, ?)'
const upsert = `INSERT OR REPLACE INTO hellos
  (miner_id, version, site, nonce, label, public_key, card, signature)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?)`
const selectWithdrawals = `SELECT entry, target AS offerId FROM audit_log
  WHERE action = 'offer.withdraw' AND entry > ? ORDER BY entry LIMIT 500`
const selectCard = 'SELECT card FROM miners WHERE miner_id = ?'
const selectHello = `SELECT version, site, nonce, label, public_key AS publicKey, card AS text, signature
  FROM hellos WHERE miner_id = ?`
const selectParties = `SELECT jobs.client AS client, results.miner_id AS miner_id
  FROM results JOIN jobs USING (job_id) WHERE receipt_id = ?`
