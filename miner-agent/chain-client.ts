/**
 * The site's `/rpc`, as far as a miner needs it: reads and submissions over HTTP, with a bound on time and
 * size. Answers come from outside and are checked before they are used.
 */

import * as z from 'zod'
import type { AccountView, StatusView, SubmitVerdict } from '../core/api/chain-service.ts'
import { lightTarget, readLightAnswer, readLightUpdate } from '../core/api/light-json.ts'
import { readAccount, readClaimable, readStatus, readVerdicts } from '../core/api/rpc-read.ts'
import { fromHex, toHex, toHex0x } from '../core/base/bytes.ts'
import { err, ok, type Result } from '../core/base/result.ts'
import { type Genesis, parseGenesis } from '../core/chain/genesis.ts'
import type { LightUpdate } from '../core/chain/light.ts'
import type { LightAnswer, LightSubject } from '../core/chain/light-fact.ts'
import { formatAddress } from '../core/crypto/address.ts'

export type ChainFault = {
  readonly code: 'UNREACHABLE' | 'NOT_FOUND' | 'REFUSED' | 'ANSWER_INVALID'
  readonly message: string
}

export type ChainClient = {
  /** Also gives the genesis file as the site has it. */
  status(): Promise<Result<{ readonly status: StatusView; readonly genesis: Genesis }, ChainFault>>
  account(address: Uint8Array): Promise<Result<AccountView, ChainFault>>
  /** The way of a light client from a height to the site's newest final block. */
  lightUpdate(from: number): Promise<Result<LightUpdate, ChainFault>>
  /** The same with a fact under that block. */
  lightProof(subject: LightSubject, from: number): Promise<Result<LightAnswer, ChainFault>>
  /** Hash of the transaction that settled a receipt; undefined while none is known. */
  settlementOf(receiptHash: Uint8Array): Promise<Result<Uint8Array | undefined, ChainFault>>
  /** Payments of final blocks to a miner, newest first; `next` leads on. Authorisations are hex. */
  receiptsOf(
    miner: Uint8Array,
    cursor: string | undefined,
  ): Promise<Result<ReceiptPage, ChainFault>>
  /** Base units that a settled authorisation still gives its miner; undefined: nothing. */
  claimable(
    authorisation: Uint8Array,
    expiry: bigint,
  ): Promise<Result<bigint | undefined, ChainFault>>
  submit(transaction: Uint8Array): Promise<Result<SubmitVerdict, ChainFault>>
}

/** Some payments of a miner. */
export type ReceiptPage = {
  readonly items: readonly { readonly authorisation: string; readonly slot: number }[]
  readonly next: string | undefined
}

const receiptPageSchema = z.object({
  items: z.array(z.object({ authorisation: z.string(), slot: z.int().min(0) })).max(100),
  next_cursor: z.string().max(400).nullable(),
})

const settledReceiptSchema = z.object({ payload: z.object({ tx_hash: z.string() }) })

const timeoutMs = 15_000
const answerCharsMax = 4_194_304

/** Opens nothing: each call is one request. */
export function createChainClient(api: URL): ChainClient {
  const call = (path: string, body?: unknown) => request(new URL(path, api), body)
  return {
    async status() {
      const json = await call('/rpc/status')
      if (!json.ok) return json
      const status = checked(readStatus(json.value))
      if (!status.ok) return status
      const genesis = parseGenesis((json.value as { readonly genesis?: unknown }).genesis)
      if (!genesis.ok) return fault('ANSWER_INVALID', genesis.error.message)
      return ok({ status: status.value, genesis: genesis.value })
    },
    async account(address) {
      const json = await call(`/rpc/getBalance/${formatAddress(address)}`)
      return json.ok ? checked(readAccount(json.value)) : json
    },
    async lightUpdate(from) {
      const json = await call(`/rpc/light?from=${from}`)
      return json.ok ? checked(readLightUpdate(json.value)) : json
    },
    async lightProof(subject, from) {
      const target = lightTarget(subject, from)
      if (target === undefined) return fault('REFUSED', 'these bytes are no transaction')
      const json = await call(target)
      return json.ok ? checked(readLightAnswer(json.value)) : json
    },
    async settlementOf(receiptHash) {
      const json = await call(`/rpc/receipts/${toHex0x(receiptHash)}`)
      if (!json.ok) return json.error.code === 'NOT_FOUND' ? ok(undefined) : json
      const read = settledReceiptSchema.safeParse(json.value)
      const hash = read.success ? fromHex(read.data.payload.tx_hash, 32) : undefined
      return hash?.ok ? ok(hash.value) : fault('ANSWER_INVALID', 'the receipt is malformed')
    },
    async receiptsOf(miner, cursor) {
      const query = new URLSearchParams({ miner: formatAddress(miner), limit: '100' })
      if (cursor !== undefined) query.set('cursor', cursor)
      const page = await readSite(
        new URL(`/api/v1/chain/receipts?${query}`, api),
        receiptPageSchema,
      )
      if (!page.ok) return page
      return ok({ items: page.value.items, next: page.value.next_cursor ?? undefined })
    },
    async claimable(authorisation, expiry) {
      const json = await call(`/rpc/claimable/${toHex0x(authorisation)}?expiry=${expiry}`)
      if (!json.ok) return json.error.code === 'NOT_FOUND' ? ok(undefined) : json
      const read = checked(readClaimable(json.value))
      return read.ok ? ok(read.value.amount) : read
    },
    async submit(transaction) {
      const json = await call('/rpc/transactions', { txs: [toHex(transaction)] })
      if (!json.ok) return json
      const verdicts = checked(readVerdicts(json.value, 1))
      return verdicts.ok ? ok(verdicts.value[0] as SubmitVerdict) : verdicts
    },
  }
}

/** What a site answers at an address, checked. */
export async function readSite<T>(url: URL, schema: z.ZodType<T>): Promise<Result<T, ChainFault>> {
  const json = await request(url)
  if (!json.ok) return json
  const read = schema.safeParse(json.value)
  return read.success ? ok(read.data) : fault('ANSWER_INVALID', `${url.pathname}: malformed answer`)
}

async function request(url: URL, body?: unknown): Promise<Result<unknown, ChainFault>> {
  try {
    const response = await fetch(url, {
      signal: AbortSignal.timeout(timeoutMs),
      redirect: 'error',
      ...(body === undefined
        ? {}
        : {
            method: 'POST',
            body: JSON.stringify(body),
            headers: { 'content-type': 'application/json' },
          }),
    })
    const text = await response.text()
    if (text.length > answerCharsMax) return fault('ANSWER_INVALID', 'the answer is too long')
    if (response.ok) return ok(JSON.parse(text))
    const message = detailOf(text) ?? `the site answered ${response.status}`
    return fault(response.status === 404 ? 'NOT_FOUND' : 'REFUSED', message)
  } catch (error) {
    if (error instanceof SyntaxError) return fault('ANSWER_INVALID', 'the answer is not JSON')
    return fault('UNREACHABLE', error instanceof Error ? error.message : String(error))
  }
}

function detailOf(text: string): string | undefined {
  try {
    const { detail } = JSON.parse(text) as { readonly detail?: unknown }
    return typeof detail === 'string' ? detail : undefined
  } catch {
    return undefined
  }
}

function checked<T>(result: Result<T, { readonly message: string }>): Result<T, ChainFault> {
  return result.ok ? result : fault('ANSWER_INVALID', result.error.message)
}

function fault(code: ChainFault['code'], message: string): Result<never, ChainFault> {
  return err({ code, message })
}
