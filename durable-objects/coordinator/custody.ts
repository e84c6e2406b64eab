/**
 * Custody: the escrow behind a client's API key. Its owner may have linked one; on a devnet this site
 * makes an account at first use, takes a gift from the faucet and opens an escrow, and tops it up when it
 * runs low. Every step is written before it is taken, so that a restart at any instant goes on with it.
 *
 * Long because one row of steps is followed from the gift to the open escrow, and what signs beside it.
 *
 * funding → sending → ready, and from ready back to funding when money or time runs low.
 */
import { randomBytes } from 'node:crypto'
import type { ChainService } from '../../core/api/chain-service.ts'
import type { ApiError } from '../../core/api/errors.ts'
import { bytesEqual, fromHex, toHex } from '../../core/base/bytes.ts'
import { assert, err, ok, type Result } from '../../core/base/result.ts'
import { hasPassed } from '../../core/base/time.ts'
import { sufficientFee } from '../../core/chain/fees.ts'
import { outcomeCodes } from '../../core/chain/outcome.ts'
import {
  escrowIdOf,
  signTransaction,
  type TransactionBody,
  transactionHash,
} from '../../core/chain/transaction.ts'
import { addressOf } from '../../core/crypto/address.ts'
import type { Signer } from '../../core/crypto/signature.ts'
import type { ApiKeys } from './api-keys.ts'
import { type ChainView, type KnownEscrow, withTimeout } from './chain-view.ts'
import type { Funds } from './funds.ts'
import { coordinatorLimits as limits } from './limits.ts'
import { nativeSigner } from './native-signer.ts'
import { type Blob, bytesOf, rowsOf, type SqlDatabase } from './schema.ts'
import type { Vault } from './sealing.ts'
import type { Settings } from './settings.ts'

export type CustodyParts = {
  readonly database: SqlDatabase
  readonly settings: Settings
  readonly vault: Vault
  readonly apiKeys: ApiKeys
  readonly chain: ChainService
  readonly view: ChainView
  readonly funds: Funds
  readonly now: () => number
  readonly wakeAt: (dueAtMs: number) => void
  /** Whom the faucet of a devnet funds here, and how often. */
  readonly gifts: Gifts
}

/** Keys of the operator and consoles are funded by the faucet; other keys by their owners. */
export type Gifts = {
  readonly isFunded: (owner: string) => boolean
  /** Books a gift: 0 when it may be asked for, else how many seconds to wait. */
  readonly take: (owner: string) => Promise<number>
  /** Takes back a booking whose gift came to nothing. */
  readonly release: (owner: string) => Promise<unknown>
}

/** How the money of a key stands, by the disk alone. */
export type CustodyState = {
  readonly by: 'escrow' | 'faucet'
  readonly escrow: Uint8Array | undefined
  readonly isReady: boolean
  readonly fault: string | undefined
}

export type Custody = {
  /**
   * The escrow that pays for a key, as known and final. On a devnet the first call waits for it a while;
   * `ESCROW_NOT_FINAL` then means: it is on its way, ask again.
   */
  readonly escrowOf: (owner: string) => Promise<Result<KnownEscrow, ApiError>>
  /** Waits a while for a top-up; false where this site tops up nothing, `ESCROW_NOT_FINAL`: ask again. */
  readonly refill: (owner: string) => Promise<Result<boolean, ApiError>>
  /** Makes an escrow that its owner opened, with the key's delegate, the one that pays for a key. */
  readonly link: (owner: string, escrowId: Uint8Array) => Promise<Result<null, ApiError>>
  /** Goes on with what is under way; never rejects. */
  readonly tick: () => Promise<void>
  /** Undefined where nobody has locked anything for a key. */
  readonly stateOf: (owner: string) => CustodyState | undefined
  /** The account that this site keeps for a key, once its escrow is open and nothing of it is under way. */
  readonly accountFor: (owner: string) => Promise<Result<Signer, ApiError>>
  /** Asks the faucet for a gift to that account, under the cool-down of its owner. */
  readonly giftFor: (owner: string, address: Uint8Array) => Promise<boolean>
  /** Begins to fund a key that the faucet funds, and does not wait for it. */
  readonly begin: (owner: string) => void
}

type CustodyRow = {
  readonly owner: string
  readonly account_sealed: Blob | null
  readonly escrow: Blob | null
  readonly step: 'funding' | 'sending' | 'ready'
  /** Signed transactions under way, hex, as a JSON array. */
  readonly transactions: string
  readonly fault: string | null
}

export function openCustody(parts: CustodyParts): Custody {
  const { database, settings, vault, apiKeys, chain, view, funds, gifts, now } = parts
  const { genesis, genesisHash, coordinator } = settings
  const { faucetMax } = genesis.parameters
  const running = new Map<string, Promise<void>>()
  const giftAskedAtMs = new Map<string, number>()
  const ask = <T>(question: Promise<T>) => withTimeout(question, limits.chainWaitMs)

  const rowOf = (owner: string): CustodyRow | undefined =>
    rowsOf<CustodyRow>(database, 'SELECT * FROM custody WHERE owner = ?', owner)[0]

  resealAccounts(database, vault)
  database.sql.exec(createIndex)
  /** Whose turn came last. */
  let lastTurn = ''

  const setStep = (owner: string, step: CustodyRow['step'], transactions: Uint8Array[] = []) => {
    const texts = JSON.stringify(transactions.map(toHex))
    database.sql.exec(
      'UPDATE custody SET step = ?, transactions = ?, fault = NULL WHERE owner = ?',
      step,
      texts,
      owner,
    )
    if (step !== 'ready') parts.wakeAt(now() + limits.custodyTickMs)
  }

  const createAccount = (owner: string): void => {
    const seed = new Uint8Array(randomBytes(32))
    database.sql.exec(
      `INSERT INTO custody (owner, account_public, account_sealed, step, transactions)
       VALUES (?, ?, ?, 'funding', '[]')`,
      owner,
      nativeSigner(seed).publicKey,
      vault.seal(seed, { owner, purpose: 'account' }),
    )
    parts.wakeAt(now() + limits.custodyTickMs)
  }

  const accountOf = (row: CustodyRow): Signer => {
    assert(row.account_sealed, 'this site keeps the account of this key')
    const seed = vault.open(bytesOf(row.account_sealed), { owner: row.owner, purpose: 'account' })
    assert(seed, 'the sealing key is the one that sealed')
    return nativeSigner(seed)
  }

  /** One step towards `ready`. */
  const advance = async (owner: string): Promise<void> => {
    const row = rowOf(owner)
    if (row?.step === 'funding') return fund(row)
    if (row?.step === 'sending') return follow(row)
  }

  /** Takes a gift, then writes what is to be done with it. */
  const fund = async (row: CustodyRow): Promise<void> => {
    const account = accountOf(row)
    const address = addressOf(account.publicKey)
    const { balance, nextNonce } = await ask(chain.account(address))
    if (balance < faucetMax / 2n) {
      const askedAtMs = giftAskedAtMs.get(row.owner) ?? 0
      if (!hasPassed(limits.custodyGiftMs, askedAtMs, now())) return
      giftAskedAtMs.set(row.owner, now())
      const waitSeconds = await gifts.take(row.owner)
      if (waitSeconds > 0) throw new Error(`faucet: wait ${waitSeconds} s for the next gift`)
      try {
        const verdict = await ask(chain.faucet(address, faucetMax))
        if (!verdict.ok) throw new Error(`faucet: ${verdict.error.message}`)
      } catch (error) {
        await gifts.release(row.owner)
        throw error
      }
      return
    }
    const known = row.escrow ? await view.read(bytesOf(row.escrow)) : undefined
    if (known?.ok === false) throw new Error('the chain does not answer')
    const escrow = known?.value.escrow
    const slot = view.slotNow()
    const expiry = BigInt(slot + limits.custodyLifeSlots)
    const delegate = apiKeys.delegateOf(row.owner)?.publicKey
    assert(delegate, 'a client key has a delegate')
    const amount = balance - limits.custodyFeeReserve
    const messages: TransactionBody['message'][] =
      escrow && escrow.closesAtSlot === undefined && slot < escrow.expirySlot
        ? [
            { TAG: 'escrow_top_up', data: { escrow: escrow.id, amount, expiry } },
            {
              TAG: 'delegate_grant',
              data: {
                escrow: escrow.id,
                terms: { delegate, budget: escrow.balance + amount, expiry },
              },
            },
          ]
        : [
            {
              TAG: 'escrow_open',
              data: {
                coordinator: coordinator.publicKey,
                amount,
                expiry,
                delegate: { delegate, budget: amount, expiry },
              },
            },
          ]
    const signed = messages.map((message, index) => {
      const body: TransactionBody = {
        version: 1,
        sender: account.publicKey,
        nonce: nextNonce + BigInt(index),
        fee: 0n,
        validUntil: BigInt(slot + limits.settleValiditySlots),
        message,
      }
      const fee = sufficientFee(genesis.parameters, body)
      return signTransaction(genesisHash, { ...body, fee }, account)
    })
    setStep(row.owner, 'sending', signed)
    await follow(rowOf(row.owner) as CustodyRow)
  }

  /** Sends what is under way until it is final. */
  const follow = async (row: CustodyRow): Promise<void> => {
    const signed = (JSON.parse(row.transactions) as string[]).map((text) => {
      const bytes = fromHex(text)
      assert(bytes.ok, 'what this site wrote is hex')
      return bytes.value
    })
    for (const bytes of signed) {
      const hash = transactionHash(bytes)
      const found = await ask(chain.transaction(hash))
      if (!found) {
        const [verdict] = await ask(chain.submit([bytes]))
        // Its validity may have passed while this site was away: begin again from what there is.
        if (verdict?.ok === false) return restart(row.owner, verdict.error.message)
        return
      }
      if (!found.final) return
      if (found.outcome?.code !== outcomeCodes.applied) {
        return restart(row.owner, `outcome ${found.outcome?.code}`)
      }
      if (found.message.TAG === 'escrow_open') {
        const escrow = escrowIdOf(hash)
        database.sql.exec('UPDATE custody SET escrow = ? WHERE owner = ?', escrow, row.owner)
      }
    }
    const escrow = rowOf(row.owner)?.escrow
    if (escrow) await view.readAgain(bytesOf(escrow))
    setStep(row.owner, 'ready')
  }

  const restart = (owner: string, fault: string): void => {
    setStep(owner, 'funding')
    noteFault(owner, fault)
  }

  /** For people only, so that a database that fails here may fail. */
  const noteFault = (owner: string, fault: string): void => {
    try {
      database.sql.exec('UPDATE custody SET fault = ? WHERE owner = ?', fault, owner)
    } catch {
      console.error(JSON.stringify({ msg: 'custody', owner, fault }))
    }
  }

  /** Whether there is something to do; nothing is any more for a console that was revoked or forgotten. */
  const isUnderWay = (owner: string): boolean => {
    try {
      return isFunded(owner) && rowOf(owner)?.step !== 'ready'
    } catch {
      return true
    }
  }

  /** Advances until ready, or until the wait is over. One run a key, whoever asks. */
  const run = (owner: string): Promise<void> => {
    const already = running.get(owner)
    if (already) return already
    const fresh = (async () => {
      const untilMs = now() + limits.custodyWaitMs
      while (now() < untilMs && isUnderWay(owner)) {
        try {
          await advance(owner)
        } catch (error) {
          noteFault(owner, error instanceof Error ? error.message : 'failed')
        }
        if (!isUnderWay(owner)) return
        await sleep(limits.custodyPollMs)
      }
    })()
      .catch((error: unknown) => noteFault(owner, String(error)))
      .finally(() => {
        running.delete(owner)
        if (isUnderWay(owner)) parts.wakeAt(now() + limits.custodyTickMs)
      })
    running.set(owner, fresh)
    return fresh
  }

  const isLow = ({ escrow }: KnownEscrow, owner: string): boolean => {
    const delegate = apiKeys.delegateOf(owner)?.publicKey
    if (!escrow || !delegate) return true
    const left = funds.available(escrow, delegate)
    const slotsLeft = escrow.expirySlot - view.slotNow()
    return left.budget < faucetMax / 4n || slotsLeft < limits.custodyRenewSlots
  }

  const known = async (row: CustodyRow): Promise<Result<KnownEscrow, ApiError>> => {
    assert(row.escrow, 'a key that is ready has an escrow')
    const escrowId = bytesOf(row.escrow)
    const peeked = view.peek(escrowId, now())
    return peeked ? ok(peeked) : view.read(escrowId)
  }

  const isFunded = (owner: string): boolean => faucetMax > 0n && gifts.isFunded(owner)

  const refill = async (owner: string): Promise<Result<boolean, ApiError>> => {
    const row = rowOf(owner)
    if (!row?.account_sealed || faucetMax === 0n) return ok(false)
    if (row.step === 'ready') setStep(owner, 'funding')
    await run(owner)
    if (rowOf(owner)?.step === 'ready') return ok(true)
    const message = 'The escrow of this key is being topped up; ask again in a few seconds.'
    return err({ code: 'ESCROW_NOT_FINAL', message })
  }

  return {
    escrowOf: async (owner) => {
      let row = rowOf(owner)
      if (!row && isFunded(owner)) {
        createAccount(owner)
        row = rowOf(owner)
      }
      if (!row) return err(escrowRequired(settings, apiKeys, owner))
      if (!row.escrow) {
        await run(owner)
        row = rowOf(owner)
        if (!row?.escrow || row.step !== 'ready') {
          const reason = row?.fault ? ` (${row.fault})` : ''
          const message = `The escrow of this key is being opened${reason}; ask again in a few seconds.`
          return err({ code: 'ESCROW_NOT_FINAL', message })
        }
      }
      const found = await known(row)
      const isOurs = row.account_sealed !== null && row.step === 'ready'
      if (found.ok && isOurs && isLow(found.value, owner)) {
        setStep(owner, 'funding')
        void run(owner)
      }
      return found
    },
    refill,
    link: async (owner, escrowId) => {
      if (rowOf(owner)?.account_sealed) {
        // Its funds would be out of reach once the account were forgotten.
        const message = 'This site keeps an account for this key and locks its funds itself.'
        return err({ code: 'AUTHORIZATION_ERROR', message })
      }
      const read = await view.read(escrowId)
      if (!read.ok) return read
      const { escrow } = read.value
      const delegate = apiKeys.delegateOf(owner)?.publicKey
      const fits =
        escrow &&
        delegate &&
        bytesEqual(escrow.coordinator, coordinator.publicKey) &&
        escrow.delegates.some((each) => bytesEqual(each.delegate, delegate))
      if (!fits) return err(escrowRequired(settings, apiKeys, owner))
      database.sql.exec(
        `INSERT INTO custody (owner, escrow, step, transactions) VALUES (?, ?, 'ready', '[]')
         ON CONFLICT (owner) DO UPDATE SET escrow = excluded.escrow, step = 'ready',
         transactions = '[]'`,
        owner,
        escrowId,
      )
      return ok(null)
    },
    tick: async () => {
      const free = limits.custodyAtOnce - running.size
      if (free <= 0) return
      // In turn, so that those that wait for a gift keep nobody else waiting.
      const rows = rowsOf<{ owner: string }>(database, selectTurn, lastTurn, free)
      lastTurn = rows.length < free ? '' : (rows.at(-1)?.owner ?? '')
      for (const { owner } of rows) if (isFunded(owner)) void run(owner)
      if (rows.length > 0 && running.size === 0) parts.wakeAt(now() + limits.custodyTickMs)
    },
    stateOf: (owner) => {
      const row = rowOf(owner)
      if (!row) return undefined
      return {
        by: row.account_sealed ? 'faucet' : 'escrow',
        escrow: row.escrow ? bytesOf(row.escrow) : undefined,
        isReady: row.step === 'ready',
        fault: row.fault ?? undefined,
      }
    },
    accountFor: async (owner) => {
      if (!rowOf(owner) && isFunded(owner)) createAccount(owner)
      if (!rowOf(owner)?.account_sealed) {
        const message =
          'This site keeps no account for your key: sign the transaction with your wallet and send it.'
        return err({ code: 'ESCROW_REQUIRED', message })
      }
      await run(owner)
      const row = rowOf(owner)
      if (row?.step === 'ready') return ok(accountOf(row))
      const message = 'The account of this key is being funded; ask again in a few seconds.'
      return err({ code: 'ESCROW_NOT_FINAL', message })
    },
    giftFor: async (owner, address) => {
      if (!isFunded(owner) || (await gifts.take(owner)) > 0) return false
      try {
        if ((await ask(chain.faucet(address, faucetMax))).ok) return true
      } catch {
        // As good as refused: the booking of the gift is taken back.
      }
      await gifts.release(owner)
      return false
    },
    begin: (owner) => {
      if (!isFunded(owner)) return
      if (!rowOf(owner)) createAccount(owner)
      const isCrowded = running.size >= limits.custodyAtOnce
      if (!isCrowded && rowOf(owner)?.step !== 'ready') void run(owner)
    },
  }
}

/** Accounts that are sealed under an older secret, one atomic write each: stopped anywhere, all open. */
export function resealAccounts(database: SqlDatabase, vault: Vault): void {
  const query = 'SELECT * FROM custody WHERE account_sealed IS NOT NULL'
  for (const { owner, account_sealed: sealed } of rowsOf<CustodyRow>(database, query)) {
    const fresh = vault.reseal(bytesOf(sealed as Blob), { owner, purpose: 'account' })
    if (!fresh) continue
    database.sql.exec('UPDATE custody SET account_sealed = ? WHERE owner = ?', fresh, owner)
  }
}

/** What to do where nobody locks money for a key by himself. */
function escrowRequired(settings: Settings, apiKeys: ApiKeys, owner: string): ApiError {
  const delegate = apiKeys.delegateOf(owner)
  return {
    code: 'ESCROW_REQUIRED',
    message:
      'No escrow stands behind this API key. Open one for this coordinator, grant its delegate key a ' +
      'budget, and link it (PUT /api/v1/escrow); or sign the authorisation of each job yourself.',
    details: {
      coordinator: toHex(settings.coordinator.publicKey),
      delegate: delegate ? toHex(delegate.publicKey) : null,
    },
  }
}

const createIndex = `CREATE INDEX IF NOT EXISTS custody_under_way ON custody (owner)
  WHERE step <> 'ready'`
const selectTurn = `SELECT owner FROM custody WHERE step <> 'ready' AND owner > ?
  ORDER BY owner LIMIT ?`

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
