/** Talking to the HTTP API of a site under test, with the checks that hold for every failure. */
import { expect } from 'vitest'

/** As much of a site as these tests talk to. */
export type ApiSite = {
  readonly url: string
  readonly vars: Readonly<Record<string, string>>
}

export type Json = Record<string, unknown>

export type ApiAnswer = {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  /** The body as JSON; `undefined` when it is none. */
  readonly json: Json
}

export type ApiCall = {
  readonly method?: string
  /** An API key, sent as the original's programs do. */
  readonly key?: string | undefined
  /** Sent as it is when it is text or bytes, else as JSON. */
  readonly body?: unknown
  readonly headers?: Record<string, string>
}

/** The first API key of a scope. */
export function keyOf({ vars }: ApiSite, scope: 'CLIENT' | 'MINER' | 'ADMIN'): string {
  const keys = JSON.parse(vars[`${scope}_API_KEYS`] ?? '[]') as string[]
  const key = keys[0]
  if (key === undefined) throw new Error(`no ${scope} key`)
  return key
}

/** One request; redirects are not followed. */
export async function call(site: ApiSite, path: string, given: ApiCall = {}): Promise<ApiAnswer> {
  const { body, key } = given
  const isAsItIs = body === undefined || typeof body === 'string' || body instanceof Uint8Array
  const text = isAsItIs
    ? (body as string | Uint8Array<ArrayBuffer> | undefined)
    : JSON.stringify(body)
  const response = await fetch(`${site.url}${path}`, {
    method: given.method ?? (text === undefined ? 'GET' : 'POST'),
    redirect: 'manual',
    headers: {
      ...(text === undefined ? {} : { 'content-type': mediaTypeOf(text) }),
      ...(key === undefined ? {} : { 'x-api-key': key }),
      ...given.headers,
    },
    ...(text === undefined ? {} : { body: text }),
  })
  return answerOf(response)
}

const mediaTypeOf = (body: string | Uint8Array): string =>
  typeof body === 'string' ? 'application/json' : 'application/octet-stream'

/** Expects a refusal in the one error shape, whole; returns its details. */
export function expectFailure(answer: ApiAnswer, status: number, code: string): unknown {
  const { error, ...rest } = answer.json as { error: Json } & Json
  expect([answer.status, error?.['code']], answer.text).toEqual([status, code])
  expect(answer.json).toEqual({
    error: {
      code,
      message: expect.stringMatching(/\S/),
      status,
      details: error['details'],
      request_id: answer.headers.get('x-request-id'),
    },
    detail: error['message'],
    timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
  })
  expect(Object.keys(rest).sort()).toEqual(['detail', 'timestamp'])
  expect(error['details']).not.toBeUndefined()
  expect(answer.headers.get('content-type')).toMatch(/^application\/json/)
  return error['details']
}

/** Asks again and again until the answer satisfies; the test's own time limit ends it otherwise. */
export async function until<T>(
  ask: () => Promise<T> | T,
  satisfied: (value: T) => boolean,
): Promise<T> {
  for (;;) {
    const value = await ask()
    if (satisfied(value)) return value
    await new Promise((go) => setTimeout(go, 50))
  }
}

/** A job of a client key, asked until it is in one of these states. */
export async function jobIn(
  site: ApiSite,
  input: { readonly key: string; readonly jobId: unknown; readonly states: readonly string[] },
): Promise<Json> {
  const { json } = await until(
    () => call(site, `/api/v1/jobs/${String(input.jobId)}`, { key: input.key }),
    (answer) => answer.status !== 200 || input.states.includes(String(answer.json['state'])),
  )
  return json
}

export type Supply = Readonly<Record<'genesis' | 'minted' | 'burned' | 'held', bigint>>

/** What the chain says of all money. */
export async function supplyOf(site: ApiSite): Promise<Supply> {
  const { json } = await call(site, '/rpc/status')
  const supply = json['supply'] as Record<keyof Supply, string>
  const { genesis, minted, burned, held } = supply
  return {
    genesis: BigInt(genesis),
    minted: BigInt(minted),
    burned: BigInt(burned),
    held: BigInt(held),
  }
}

/** Final balance of an address, base units. */
export async function finalBalance(site: ApiSite, address: string): Promise<bigint> {
  const { json } = await call(site, `/rpc/getBalance/${address}`)
  return BigInt(String(json['final_balance']))
}

async function answerOf(response: Response): Promise<ApiAnswer> {
  const text = await response.text()
  const { status, headers } = response
  return { status, headers, text, json: parsed(text) as Json }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
