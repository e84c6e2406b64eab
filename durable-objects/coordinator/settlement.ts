/**
 * Settlement: releases become payments. Those that are due are put into settle transactions, which are
 * written before they are sent and sent again until they are final, so that a restart at any instant
 * loses nothing. The chain pays an authorisation once, whatever is sent: sending twice is harmless.
 *
 * due → sent (in a batch) → settled | unpayable, or back to due when the batch is known to be lost, or was early.
 */
import type {
  ChainService,
  EscrowView,
  HeadView,
  SubmitRefusal,
  TransactionView,
} from '../../core/api/chain-service.ts'
import { toHex } from '../../core/base/bytes.ts'
import { assert } from '../../core/base/result.ts'
import { isDue } from '../../core/base/time.ts'
import { type SettlementCode, settlementCodes } from '../../core/chain/outcome.ts'
import {
  signTransaction,
  type TransactionBody,
  transactionHash,
} from '../../core/chain/transaction.ts'
import { addressOf } from '../../core/crypto/address.ts'
import { jobLimits } from '../../core/jobs/limits.ts'
import { type ChainView, withTimeout } from './chain-view.ts'
import type { Closings } from './closings.ts'
import type { Funds } from './funds.ts'
import { coordinatorLimits } from './limits.ts'
import type { Posts } from './posts.ts'
import { bytesOf, rowsOf, type SqlDatabase } from './schema.ts'
import type { Settings } from './settings.ts'
import {
  type BatchRow,
  batchMax,
  countOf,
  type DueRow,
  type EndCode,
  escrowOf,
  feeOf,
  insertBatch,
  insertMinerReceipts,
  isEnd,
  itemOf,
  nameOf,
  openBatches,
  openNonces,
  selectDue,
  selectExpired,
  setPaid,
  setSent,
  setUnpayable,
  writeEnd,
  writeLost,
} from './settlement-rows.ts'

/** A payment that has become final. */
export type Settled = {
  readonly jobId: string
  readonly txHash: Uint8Array
  readonly height: number
  readonly amount: number
}

export type SettlementParts = {
  readonly database: SqlDatabase
  readonly settings: Settings
  readonly chain: ChainService
  readonly view: ChainView
  readonly funds: Funds
  readonly now: () => number
  /** Makes sure that `tick` is called at this time or a little later. */
  readonly wakeAt: (dueAtMs: number) => void
  readonly onSettled: (payment: Settled) => void
  /** What else the site's account sends, in the same row of nonces. */
  readonly posts: Pick<Posts, 'due' | 'build'>
  readonly closings: Pick<Closings, 'note'>
}

export type Settlement = {
  /** A payment has become due. */
  readonly onDue: () => void
  /** Another transaction of the site's account waits. */
  readonly onPost: () => void
  /** Does what can be done now; never rejects. Calls overlap harmlessly: one works, the others return. */
  readonly tick: () => Promise<void>
  /** Last fault, for people; undefined while payments go through. */
  readonly fault: () => string | undefined
}

/** Opens settlement over the payments on disk, and goes on where it was. */
export function openSettlement(parts: SettlementParts): Settlement {
  const { database, settings, chain, view, funds, posts, now, wakeAt } = parts
  const { coordinator, genesisHash, genesis } = settings
  const address = addressOf(coordinator.publicKey)
  const refusedAtHeight = new Map<number, number>()
  let isWorking = false
  let fault: string | undefined
  let failures = 0
  let due = countOf(database, "SELECT count(*) AS n FROM payments WHERE state = 'due'")
  let open = countOf(database, 'SELECT count(*) AS n FROM batches WHERE open = 1')
  let poorUntilMs = 0
  /** Posts that can be paid for, as far as is known. */
  const posted = (): number =>
    isDue(poorUntilMs, coordinatorLimits.postPauseMs, now()) ? posts.due() : 0
  let sendAtMs = due + posted() > 0 ? now() : undefined

  const ask = <T>(question: Promise<T>) => withTimeout(question, coordinatorLimits.chainWaitMs)

  /** Sends a batch (again); says why not when the chain does not take it now, and notes the fault. */
  const send = async (bytes: Uint8Array): Promise<SubmitRefusal | 'sent' | 'unheard'> => {
    try {
      const [verdict] = await ask(chain.submit([bytes]))
      if (!verdict || verdict.ok) return 'sent'
      fault = `settle: ${verdict.error.code}: ${verdict.error.message}`
      return verdict.error
    } catch (error) {
      fault = error instanceof Error ? error.message : 'the chain does not answer'
      return 'unheard'
    }
  }

  /** Follows one batch until it is closed. `waits`: it is in the mempool, and needs nothing. */
  const follow = async (batch: BatchRow): Promise<'waits' | 'moved'> => {
    const hash = bytesOf(batch.tx_hash)
    const found = await ask(chain.transaction(hash))
    if (found?.final && found.block) {
      await close(batch, found)
      return 'moved'
    }
    if (found) return found.block ? 'moved' : 'waits'
    const answer = await send(bytesOf(batch.bytes))
    // Those behind it may have been lost with it: each is looked at.
    if (answer === 'sent') return 'moved'
    const head = await ask(chain.head())
    if (answer !== 'unheard' && (await isHopeless(batch, answer, head))) return 'moved'
    // Not in a block and perhaps never: certain once its validity, or its nonce, is past and final.
    const { finalNonce } = await ask(chain.account(address))
    const isPast = head.finalSlot > batch.valid_until || finalNonce > BigInt(batch.nonce)
    if (!isPast) return 'moved'
    const again = await ask(chain.transaction(hash))
    if (!again?.block) giveUp(batch)
    return 'moved'
  }

  /**
   * A batch in which nothing can be paid (any more) is refused as a whole, and the refusal names why for
   * its first item. Once the head that said so is final, that item has its end, and the others are due
   * again without it.
   */
  const isHopeless = async (
    batch: BatchRow,
    refusal: SubmitRefusal,
    head: HeadView,
  ): Promise<boolean> => {
    const code = /([a-z_]+)$/.exec(refusal.message)?.[1] ?? ''
    if (refusal.code !== 'MESSAGE_INVALID' || !(code in settlementCodes) || !isEnd(code))
      return false
    const sinceHeight = refusedAtHeight.get(batch.batch) ?? head.height
    refusedAtHeight.set(batch.batch, sinceHeight)
    if (head.finalHeight < sinceHeight) return true
    refusedAtHeight.delete(batch.batch)
    const [jobId] = JSON.parse(batch.jobs) as string[]
    assert(jobId !== undefined, 'a batch has items')
    const escrow = escrowOf(database, jobId)
    if (escrow && !(await view.readAgain(escrow)).ok) throw new Error('the chain does not answer')
    database.transactionSync(() => {
      writeEnd(database, { jobId, code: code as SettlementCode })
      writeLost(database, batch.batch)
    })
    afterLoss()
    ended({ jobId, code: code as SettlementCode })
    return true
  }

  /** Memory after a payment has got its end without a transaction of ours. */
  const ended = (end: { readonly jobId: string; readonly code: EndCode }): void => {
    funds.discharge(end.jobId)
    if (end.code === 'already_settled') return
    fault = `settle: job ${end.jobId} cannot be paid: ${end.code}`
  }

  /** The items of a lost batch are due again. */
  const giveUp = (batch: BatchRow): void => {
    database.transactionSync(() => writeLost(database, batch.batch))
    afterLoss()
  }

  const afterLoss = (): void => {
    due = countOf(database, "SELECT count(*) AS n FROM payments WHERE state = 'due'")
    open -= 1
    sendAtMs = now()
  }

  /** A batch that is final: each item stands or falls alone. */
  const close = async (batch: BatchRow, found: TransactionView): Promise<void> => {
    assert(found.block && found.outcome, 'a final transaction has a block and an outcome')
    const { settlements } = found.outcome
    const jobIds = JSON.parse(batch.jobs) as string[]
    if (settlements.length !== jobIds.length) {
      // The transaction itself failed (no balance for its fee, say): nothing was tried.
      giveUp(batch)
      throw new Error(`settle: none of ${jobIds.length} items applied (${found.outcome.code})`)
    }
    // Before a debt leaves the ledger, the escrow must be known without that money.
    const payers: EscrowView[] = []
    for (const escrow of new Map(
      settlements.map((each) => [toHex(each.escrow), each.escrow]),
    ).values()) {
      const read = await view.readAgain(escrow)
      if (!read.ok) throw new Error('the chain does not answer')
      if (read.value.escrow) payers.push(read.value.escrow)
    }
    const txHash = bytesOf(batch.tx_hash)
    const { height } = found.block
    const ends = jobIds.map((jobId, index) => {
      const code = nameOf(settlements[index]?.code ?? -1)
      return { jobId, code, amount: Number(settlements[index]?.amount ?? 0n) }
    })
    const early = ends.filter(({ code }) => !isEnd(code)).length
    database.transactionSync(() => {
      database.sql.exec('UPDATE batches SET open = 0 WHERE batch = ?', batch.batch)
      const paid = ends.filter(({ code }) => code === 'paid').map(({ jobId }) => jobId)
      database.sql.exec(setPaid, txHash, height, JSON.stringify(paid))
      database.sql.exec(insertMinerReceipts, height, JSON.stringify(paid))
      for (const end of ends) if (end.code !== 'paid' && isEnd(end.code)) writeEnd(database, end)
      if (early > 0) writeLost(database, batch.batch)
      if (paid.length > 0) for (const payer of payers) parts.closings.note(payer)
    })
    open -= 1
    due += early
    for (const end of ends) {
      if (!isEnd(end.code)) continue
      if (end.code !== 'paid') {
        ended(end)
        continue
      }
      funds.discharge(end.jobId)
      parts.onSettled({ jobId: end.jobId, txHash, height, amount: end.amount })
    }
  }

  /** Builds and writes one batch from what is due; undefined when nothing is. */
  const build = (nonce: bigint): Uint8Array | undefined => {
    const slot = view.slotToSend()
    dropExpired(slot)
    const rows = rowsOf<DueRow>(database, selectDue, slot, batchMax)
    if (rows.length === 0) return undefined
    const items = rows.map(itemOf)
    const body: TransactionBody = {
      version: 1,
      sender: coordinator.publicKey,
      nonce,
      fee: 0n,
      validUntil: BigInt(slot + coordinatorLimits.settleValiditySlots),
      message: { TAG: 'settle', data: { items } },
    }
    const fee = feeOf(genesis.parameters, body, items)
    const bytes = signTransaction(genesisHash, { ...body, fee }, coordinator)
    const jobIds = rows.map((row) => row.job_id)
    database.transactionSync(() => {
      const [inserted] = rowsOf<{ batch: number }>(
        database,
        insertBatch,
        Number(nonce),
        Number(body.validUntil),
        transactionHash(bytes),
        bytes,
        JSON.stringify(jobIds),
      )
      assert(inserted, 'an insert returns its row')
      database.sql.exec(setSent, inserted.batch, JSON.stringify(jobIds))
    })
    due -= jobIds.length
    open += 1
    return bytes
  }

  /** Payments come first: what they may need of the account's balance is left to them. */
  const post = (nonce: bigint, balance: bigint): Uint8Array | undefined => {
    if (posted() === 0) return undefined
    if (balance < coordinatorLimits.postReserve) {
      poorUntilMs = now() + coordinatorLimits.postPauseMs
      wakeAt(poorUntilMs)
      return undefined
    }
    const bytes = posts.build(nonce, view.slotToSend())
    if (bytes) open += 1
    return bytes
  }

  /** What the chain would refuse for its settle-by slot is not sent. */
  const dropExpired = (slot: number): void => {
    const rows = rowsOf<{ job_id: string }>(database, selectExpired, slot)
    if (rows.length === 0) return
    const finalSlot = view.finalSlot() ?? 0
    for (const { job_id: jobId } of rows) {
      // The miner may have settled it: only a final slot beyond settle-by ends the doubt.
      const settleBy = countOf(
        database,
        'SELECT settle_by AS n FROM payments WHERE job_id = ?',
        jobId,
      )
      if (finalSlot <= settleBy) continue
      database.sql.exec(setUnpayable, 'expired', jobId)
      funds.discharge(jobId)
      due -= 1
      fault = `settle: job ${jobId} was not settled in time`
    }
  }

  const sendDue = async (): Promise<void> => {
    while (due + posted() > 0 && open < coordinatorLimits.openBatchesMax) {
      const account = await ask(chain.account(address))
      const used = openNonces(database)
      let nonce = used.size === 0 ? account.nextNonce : account.nonce
      while (used.has(nonce)) nonce += 1n
      const bytes = build(nonce) ?? post(nonce, account.balance)
      if (!bytes) return
      // It stays on disk and is followed: sent again, or given up when that is certain.
      if ((await send(bytes)) !== 'sent') return
    }
  }

  const work = async (): Promise<void> => {
    // In order of nonce: while one waits in the mempool, those behind it cannot be in a block.
    for (const batch of openBatches(database)) if ((await follow(batch)) === 'waits') break
    if (sendAtMs === undefined) return
    if (isDue(sendAtMs, jobLimits.settlementDelayMs, now()) || due >= batchMax) {
      sendAtMs = undefined
      await view.readHead()
      await sendDue()
    }
  }

  const schedule = (): void => {
    if (due + posted() > 0) sendAtMs ??= now() + jobLimits.settlementDelayMs
    const backoffMs = Math.min(
      coordinatorLimits.settlePollMs * 2 ** Math.min(failures, 10),
      coordinatorLimits.settleBackoffMsMax,
    )
    if (open > 0 || failures > 0) wakeAt(now() + backoffMs)
    else if (sendAtMs !== undefined) wakeAt(sendAtMs)
  }

  schedule()
  return {
    onDue: () => {
      due += 1
      sendAtMs ??= now() + jobLimits.settlementDelayMs
      if (failures === 0) wakeAt(due >= batchMax ? now() : sendAtMs)
    },
    onPost: () => {
      sendAtMs ??= now() + jobLimits.settlementDelayMs
      if (failures === 0) wakeAt(sendAtMs)
    },
    tick: async () => {
      if (isWorking || (due + posted() === 0 && open === 0)) return
      isWorking = true
      try {
        await work()
        failures = 0
        if (due === 0 && open === 0) fault = undefined
      } catch (error) {
        failures += 1
        fault = error instanceof Error ? error.message : 'settlement failed'
      } finally {
        isWorking = false
        schedule()
      }
    },
    fault: () => fault,
  }
}
