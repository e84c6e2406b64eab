/**
 * Every endpoint of the table, called on a whole site: what it answers and refuses is what the table says.
 * Long because each rule about the table is tried on every row of it.
 */
import { execFile } from 'node:child_process'
import { request } from 'node:http'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import WebSocket from 'ws'
import { curlOf, type Endpoint, type EndpointInput, targetOf } from '../../../core/api/endpoint.ts'
import { exampleValues } from '../../../core/api/endpoints/example-values.ts'
import { oldNames, reservedFamilies } from '../../../core/api/endpoints/not-built.ts'
import { type EndpointId, endpoints } from '../../../core/api/endpoints/table.ts'
import { type ErrorCode, statusOf } from '../../../core/api/errors.ts'
import { ollamaError } from '../../../core/api/jobs-ollama.ts'
import { openAiError } from '../../../core/api/jobs-openai.ts'
import { isOllama, isOpenAi } from '../../../core/api/openapi.ts'
import {
  errorSchema,
  ollamaErrorSchema,
  openAiErrorSchema,
} from '../../../core/api/schemas/errors.ts'
import manifest from '../../../package.json' with { type: 'json' }
import { openApiText } from '../../../pages/build/openapi-plugin.ts'
import { gatewayLimits } from '../../../workers/gateway/limits.ts'
import { type ApiAnswer, call, expectFailure } from '../../support/api-client.ts'
import { freshSigner, signedCall } from '../../support/api-payer.ts'
import { badCalls, goodCalls, idsIn } from '../../support/endpoint-calls.ts'
import { createWorld, type World } from '../../support/endpoint-world.ts'

type Row = Endpoint & { readonly id: EndpointId }

let world: World

beforeAll(async () => {
  world = await createWorld()
})
afterAll(() => world?.dispose())

const rows = endpoints.map((row) => [row.id, row] as const)
const plainRows = rows.filter(([, row]) => row.stream === undefined)
const withBody = rows.filter(([, row]) => row.body !== undefined)
const keyed = rows.filter(([, row]) => row.auth !== 'none')

function keyFor({ id, auth }: Row): string | undefined {
  if (id === 'linkEscrow') return world.spareKey
  if (auth === 'none' || auth === 'session' || auth === 'account') return undefined
  if (auth === 'admin') return world.adminKey
  return auth === 'miner' ? world.minerKey : world.key
}

const sessionFor = ({ auth }: Row): Record<string, string> =>
  auth === 'session' || auth === 'account' ? { 'x-session-token': world.session } : {}

function ask(
  row: Row,
  input: EndpointInput & {
    readonly raw?: string
    readonly path?: string
    readonly headers?: Record<string, string>
  },
): Promise<ApiAnswer> {
  return call(world.site, targetOf(input.path ?? row.path, input), {
    method: row.method,
    key: keyFor(row),
    body: input.raw ?? input.body,
    headers: { ...sessionFor(row), ...input.headers },
  })
}

/** The status is declared, and the body has the declared shape, without a field more. */
function expectDeclared(row: Row, answer: ApiAnswer): void {
  const type = answer.headers.get('content-type')?.split(';')[0]
  const declared = row.answers.filter(
    ({ status, mediaType = 'application/json' }) =>
      status === answer.status && (type === undefined || type === mediaType),
  )
  expect(declared.length, `${answer.status} ${type} ${answer.text}`).toBeGreaterThan(0)
  const faults = declared.map(({ schema }) => {
    if (schema === undefined) return []
    return schema.safeParse(answer.json).error?.issues ?? []
  })
  expect(faults.some((each) => each.length === 0) ? [] : faults, answer.text).toEqual([])
}

/** The failure has the declared shape, status and code. */
function expectRefusal(row: Row, answer: ApiAnswer, code: ErrorCode): void {
  expect(row.errors, `${row.id} does not declare ${code}`).toContain(code)
  if (isOpenAi(row, code)) {
    const { status, body } = openAiError({ code })
    const parsed = openAiErrorSchema.parse(answer.json)
    expect([answer.status, parsed.error.code], answer.text).toEqual([status, body.error['code']])
    return
  }
  if (isOllama(row)) {
    const { status, body } = ollamaError({ code })
    const parsed = ollamaErrorSchema.parse(answer.json)
    expect([answer.status, parsed.code], answer.text).toEqual([status, body['code']])
    return
  }
  expect(errorSchema.parse(answer.json).error.code, answer.text).toBe(code)
  expectFailure(answer, statusOf(code), code)
}

/** The newest entries of the audit log, since one that was the newest before. */
async function auditSince(entryId: number): Promise<readonly Record<string, unknown>[]> {
  const { json } = await call(world.site, '/api/v1/admin/audit?limit=20', { key: world.adminKey })
  const items = json['items'] as readonly Record<string, unknown>[]
  return items.filter((item) => Number(item['entry_id']) > entryId)
}

const newestEntry = async (): Promise<number> => Number((await auditSince(0))[0]?.['entry_id'] ?? 0)

const actRows = plainRows.filter(
  ([, row]) => row.auth === 'admin' && row.method !== 'GET' && row.answers.length > 0,
)

describe('audit log', () => {
  test('ADMINHTTP-5: acts are every row of administration that is no read', () => {
    expect(actRows.map(([id]) => id).sort()).toEqual([
      'activateAdminMiner',
      'cancelAdminJob',
      'cleanUp',
      'deactivateAdminMiner',
      'executeAdminAction',
      'prioritizeAdminJob',
      'refuseHeld',
      'releaseHeld',
      'revokeAdminKey',
      'syncMarketplaceOffers',
      'withdrawAdminOffer',
    ])
  })

  test.each(actRows)(
    'ADMINHTTP-5: %s leaves one entry when done, and none when refused',
    async (id, row) => {
      for (const input of await goodCalls[id](world)) {
        const before = await newestEntry()
        // Without a body there is nowhere to say why.
        const why = row.body ? `because of ${id}` : ''
        const answer = await ask(row, {
          ...input,
          body: { ...(input.body as object), reason: why },
        })
        expect(answer.status, answer.text).toBe(200)
        const { id: target = 'site' } = (input.params ?? {}) as { readonly id?: string }
        expect(await auditSince(before)).toEqual([
          {
            entry_id: before + 1,
            at: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
            actor: expect.stringMatching(/^key:admin:admin_/),
            action: expect.stringMatching(/^[a-z]+\.[a-z]+$/),
            target,
            reason: why,
            details: expect.anything(),
          },
        ])
      }
      // Some of them are made ready by an act that is done.
      const refused = (await badCalls[id]?.(world)) ?? []
      const before = await newestEntry()
      for (const { code, ...input } of refused) {
        expectRefusal(row, await ask(row, input), code)
      }
      const stranger = await call(world.site, targetOf(row.path, row.example), {
        method: row.method,
      })
      expect(stranger.status).toBe(401)
      expect(await auditSince(before)).toEqual([])
    },
  )
})

describe('good calls', () => {
  test.each(plainRows)('OPENAPI-3: %s answers as the table says', async (id, row) => {
    const met = new Set<number>()
    for (const input of await goodCalls[id](world)) {
      expect(row.params?.safeParse(input.params).success ?? true).toBe(true)
      expect(row.query?.safeParse(input.query ?? {}).success ?? true).toBe(true)
      if (input.body !== undefined && row.bytes === undefined)
        expect(row.body?.schema.safeParse(input.body).success).toBe(true)
      const answer = await ask(row, input)
      expectDeclared(row, answer)
      met.add(answer.status)
    }
    // What health answers when something is missing is tried where something is.
    const declared = row.answers.map(({ status }) => status).filter((status) => status !== 503)
    expect([...met].sort()).toEqual([...new Set(declared)].sort())
  })

  test.each(plainRows.filter(([, row]) => row.method === 'GET' && row.aliases !== undefined))(
    'OPENAPI-3: %s answers alike in every spelling',
    async (id, row) => {
      for (const path of row.aliases ?? []) {
        const [input = {}] =
          id === 'pollJobByGet' ? [{ query: { wait: '0' } }] : await goodCalls[id](world)
        expectDeclared(row, await ask(row, { ...input, path }))
      }
    },
  )

  test.each([
    'listBlocks',
    'listTransactions',
    'listReceipts',
    'listAddresses',
    'listJobs',
  ] as const)('OPENAPI-3: %s pages by the bounds that the table names', async (id) => {
    const row = endpoints.find((each) => each.id === id) as Row
    const page = row.query?.parse({}) as { limit: number; offset: number }
    expect((await ask(row, {})).json).toMatchObject({ limit: page.limit, offset: page.offset })
    const { maximum } = limitBounds(row)
    expect((await ask(row, { query: { limit: String(maximum) } })).status).toBe(200)
    expect((await ask(row, { query: { limit: String(maximum + 1) } })).status).not.toBe(200)
  })
})

/** The largest page that the schema of a query lets pass. */
function limitBounds(row: Row): { maximum: number } {
  const passes = (limit: number) => row.query?.safeParse({ limit: String(limit) }).success
  let maximum = 1
  while (passes(maximum + 1)) maximum += 1
  return { maximum }
}

describe('refusals', () => {
  test.each(rows.filter(([id]) => badCalls[id] !== undefined))(
    'OPENAPI-4: %s refuses as the table says',
    async (id, row) => {
      for (const bad of (await badCalls[id]?.(world)) ?? []) {
        expectRefusal(row, await ask(row, bad), bad.code)
      }
    },
  )

  test.each(withBody)(
    'OPENAPI-4: %s refuses what is no JSON, or too much of it',
    async (_id, row) => {
      const [input = {}] = row.params ? [{ params: { id: world.job } }] : [{}]
      expectRefusal(row, await announce(row, targetOf(row.path, input)), 'BODY_TOO_LARGE')
      const none = await ask(row, { ...input, raw: '{' })
      const wrong = await ask(row, { ...input, raw: '[1]' })
      if (row.errorShape === 'json_rpc') {
        expect(none.json['error']).toMatchObject({ code: -32700 })
        expect(wrong.json['error']).toMatchObject({ code: -32600 })
        return
      }
      expectRefusal(row, none, 'JSON_INVALID')
      if (row.errorShape === 'openai' || row.errorShape === 'ollama') {
        expect(wrong.status).toBe(400)
        return
      }
      expectRefusal(row, wrong, 'VALIDATION_ERROR')
    },
  )

  test.each(keyed)('OPENAPI-4: %s wants the key that the table names', async (_id, row) => {
    const wrong = row.auth === 'miner' ? world.key : world.minerKey
    const isForPeople = ['session', 'owner', 'account', 'admin'].includes(row.auth)
    const isForNoKey = row.auth === 'account'
    for (const path of [row.path, ...(row.aliases ?? [])]) {
      const target = targetOf(path, { params: { id: world.job, action: 'wake' } })
      const without = await call(world.site, target, { method: row.method })
      expectRefusal(row, without, isForPeople ? 'SIGN_IN_REQUIRED' : 'AUTHENTICATION_ERROR')
      const answer = await call(world.site, target, { method: row.method, key: wrong })
      expectRefusal(row, answer, isForNoKey ? 'SIGN_IN_REQUIRED' : 'AUTHENTICATION_ERROR')
    }
    const path = targetOf(row.path, { params: { id: world.job, action: 'wake' } })
    const old = await signedCall(world.site, freshSigner(), path, {
      method: row.method,
      signed: { timestampMs: Date.now() - 120_000 },
    })
    expectRefusal(row, old, 'REQUEST_EXPIRED')
    const false_ = await signedCall(world.site, freshSigner(), path, {
      method: row.method,
      signed: { method: 'PATCH' },
    })
    expectRefusal(row, false_, 'REQUEST_SIGNATURE_INVALID')
    if (['client', 'owner', 'account'].includes(row.auth)) return
    const body =
      row.method === 'GET' ? undefined : { model: 'x', messages: [{ role: 'user', content: 'x' }] }
    const signed = await signedCall(world.site, freshSigner(), path, { method: row.method, body })
    const refusal = isForPeople ? 'SIGN_IN_REQUIRED' : 'AUTHORIZATION_ERROR'
    expectRefusal(row, signed, row.auth === 'admin' ? 'ADMIN_REQUIRED' : refusal)
  })

  test.each(rows)('OPENAPI-4: %s answers to its own methods alone', async (_id, row) => {
    const target = targetOf(row.path, row.example).split('?')[0] as string
    const matching = endpoints.filter(({ path }) => patternOf(path).test(target))
    const methods = [...new Set(matching.map(({ method }) => method))]
    const answer = await call(world.site, target, { method: 'PATCH' })
    if (isOllama(row)) {
      const { code } = ollamaErrorSchema.parse(answer.json)
      expect([answer.status, code]).toEqual([405, 'method_not_allowed'])
    } else expectFailure(answer, 405, 'METHOD_NOT_ALLOWED')
    const allowed = answer.headers
      .get('allow')
      ?.split(', ')
      .filter((each) => each !== 'HEAD')
    expect(allowed?.sort()).toEqual(methods.sort())
  })
})

describe('the document and names that lead nowhere', () => {
  test('OPENAPI-2: a site serves the document of the table, to every origin', async () => {
    const headers = { origin: 'https://elsewhere.example' }
    const answer = await call(world.site, '/openapi.json', { headers })
    expect(answer.text).toBe(openApiText(manifest.version))
    expect(answer.headers.get('content-type')).toMatch(/^application\/json/)
    expect(answer.headers.get('access-control-allow-origin')).toBe('*')
    expect(answer.headers.get('access-control-allow-credentials')).toBe(null)
    expect(answer.headers.get('cache-control')).toMatch(/max-age=0|no-cache/)
  })

  test.each(oldNames)('OPENAPI-8: $method $path answers $status', async (name) => {
    const path = name.path.replace('{id}', world.job).replace('{address}', world.address)
    const answer = await call(world.site, path, { method: name.method, key: world.key })
    expectFailure(answer, name.status, name.status === 501 ? 'NOT_BUILT' : 'NOT_FOUND')
  })

  test('OPENAPI-8: what is kept for later answers 501', async () => {
    for (const path of reservedFamilies.flatMap(({ paths }) => paths)) {
      expectFailure(await call(world.site, path), 501, 'NOT_BUILT')
    }
  })
})

describe('streams', () => {
  const rowOf = (id: EndpointId) => endpoints.find((each) => each.id === id) as Row
  const schemaOf = (row: Row, name: string) => {
    const found = row.stream?.received.find((each) => each.name === name)
    if (!found) throw new Error(`${row.id} declares no ${name}`)
    return found.schema
  }

  test('OPENAPI-3: a job’s events are those that the table names', async () => {
    const row = rowOf('streamJob')
    for (const path of [row.path, ...(row.aliases ?? [])]) {
      const answer = await ask(row, { path, params: { id: world.job } })
      expectDeclared(row, answer)
      const events = eventsIn(answer.text)
      for (const { name, data } of events) schemaOf(row, name).parse(JSON.parse(data))
      expect(events.at(-1)?.name).toBe('end')
      expect(events.map(({ name }) => name)).toContain('text')
    }
  })

  test('OPENAPI-3: chat completions, whole and in pieces, are those that the table names', async () => {
    const row = rowOf('createChatCompletion')
    const [input = {}] = await goodCalls.createChatCompletion(world)
    expectDeclared(row, await ask(row, input))
    const body = {
      ...(input.body as object),
      stream: true,
      stream_options: { include_usage: true },
    }
    const answer = await ask(row, { body })
    expectDeclared(row, answer)
    const events = eventsIn(answer.text).map(({ data }) => data)
    expect(events.pop()).toBe('[DONE]')
    for (const event of events) schemaOf(row, 'chunk').parse(JSON.parse(event))
    expect(events.length).toBeGreaterThan(2)
  })

  test('OPENAPI-3: blocks and transactions arrive in the declared frames', async () => {
    const blocks = await listen('/rpc/ws/blocks')
    const transactions = await listen('/rpc/ws/transactions')
    await call(world.site, '/rpc/transactions', { body: { tx: world.transfer() } })
    schemaOf(rowOf('streamTransactions'), 'transaction').parse(await transactions.next())
    schemaOf(rowOf('streamBlocks'), 'block').parse(await blocks.next())
    blocks.socket.close()
    transactions.socket.close()
  })

  test('OPENAPI-3: a miner is challenged in the declared frame, in every spelling', async () => {
    const row = rowOf('connectMiner')
    for (const path of [row.path, ...(row.aliases ?? [])]) {
      const { socket, next } = await listen(path)
      schemaOf(row, 'challenge').parse(await next())
      socket.close()
    }
  })
})

/** Of endpoints that answer text; the others without a schema stream. */
const texts: Partial<Record<EndpointId, RegExp>> = {
  ping: /^OK$/,
  getMetrics: /^up\{part="chain"\} 1$/m,
  getCoordinatorMetrics: /^up\{part="chain"\} 1$/m,
}

describe('commands of the reference', () => {
  const run = promisify(execFile)
  let ids: Awaited<ReturnType<typeof idsIn>>
  beforeAll(async () => {
    ids = await idsIn(world)
  })
  const listed = rows.filter(
    ([id, row]) =>
      (row.auth === 'none' && row.method === 'GET' && row.stream?.kind !== 'websocket') ||
      alsoRun.has(id),
  )

  test.each(listed)('OPENAPI-6: the command for %s does what the table says', async (_id, row) => {
    const text = here(curlOf(row, row.example, 'http://127.0.0.1:18000'), ids)
    const { stdout } = await run('sh', ['-c', `${text} -sS --fail-with-body`], {
      env: { ...process.env, AITBC_API_KEY: world.key, AITBC_MINER_KEY: world.minerKey },
      maxBuffer: 16_777_216,
    })
    const { schema, mediaType } = row.answers[0] ?? {}
    if (mediaType === 'application/octet-stream') expect(stdout).not.toBe('')
    else if (schema) schema.parse(JSON.parse(stdout))
    else expect(stdout).toMatch(texts[row.id] ?? /event: end/)
  })
})

/** Asks to send more than anything takes, and sends none of it: the announcement has to be enough. */
function announce(row: Row, target: string): Promise<ApiAnswer> {
  const { hostname, port } = new URL(world.site.url)
  const headers = {
    'content-length': gatewayLimits.bodyBytesMax + 1,
    'content-type': 'application/json',
    'x-api-key': keyFor(row) ?? '',
  }
  return new Promise((done, fail) => {
    const sent = request({ hostname, port, path: target, method: row.method, headers })
    sent.once('error', fail)
    sent.once('response', async (response) => {
      const text = (await response.toArray()).join('')
      sent.destroy()
      const heads = new Headers(response.headers as Record<string, string>)
      done({ status: response.statusCode ?? 0, headers: heads, text, json: JSON.parse(text) })
    })
    sent.flushHeaders()
  })
}

const patternOf = (path: string) => new RegExp(`^${path.replace(/\{[a-z_]+\}/g, '[^/]+')}$`)

/** Commands with keys and bodies that are run too. */
const alsoRun: ReadonlySet<EndpointId> = new Set([
  'createChatCompletion',
  'submitJob',
  'listJobs',
  'getJob',
  'getJobResult',
  'getJobReceipt',
  'streamJob',
  'estimateFee',
  'registerMiner',
  'sendHeartbeat',
  'pollJobByGet',
])

/** A command of the reference with the address and the values of this site. */
function here(command: string, ids: Awaited<ReturnType<typeof idsIn>>): string {
  const values: (readonly [string, string])[] = [
    ...ids,
    ['http://127.0.0.1:18000', world.site.url],
    [exampleValues.address, world.address],
    [exampleValues.escrow, world.escrow],
    [exampleValues.job, world.job],
    [exampleValues.settlement, world.settlement],
    [exampleValues.receipt, world.receipt],
    [exampleValues.chainBooking, world.chainBooking],
    [exampleValues.authorisation, world.claim.authorisation],
    ['expiry=37', `expiry=${world.claim.expiry}`],
  ]
  return values.reduce((text, [from, to]) => text.replaceAll(from, to), command)
}

type SentEvent = { readonly name: string; readonly data: string }

function eventsIn(text: string): SentEvent[] {
  return text
    .split('\n\n')
    .filter((block) => block !== '' && !block.startsWith(':'))
    .map((block) => ({
      name: /^event: (.*)$/m.exec(block)?.[1] ?? '',
      data: /^data: (.*)$/m.exec(block)?.[1] ?? '',
    }))
}

async function listen(path: string) {
  const socket = new WebSocket(`${world.site.url.replace('http', 'ws')}${path}`)
  const frames: unknown[] = []
  const waiting: ((frame: unknown) => void)[] = []
  socket.on('message', (data) => {
    const frame: unknown = JSON.parse(String(data))
    const taker = waiting.shift()
    if (taker) taker(frame)
    else frames.push(frame)
  })
  await new Promise((open, fail) => socket.once('open', open).once('error', fail))
  const next = () =>
    new Promise<unknown>((take) => {
      if (frames.length > 0) take(frames.shift())
      else waiting.push(take)
    })
  return { socket, next }
}
