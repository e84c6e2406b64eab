/** The typed client: what it sends, what it takes for an answer, and how it says that it got none. */
import { expect, expectTypeOf, test } from 'vitest'
import {
  type CallAnswer,
  type CallRow,
  type ClientRequest,
  callEndpoint,
  callRow,
  createClient,
  type Send,
} from '../../../core/api/client.ts'
import { answerExamples } from '../../../core/api/endpoints/examples.ts'
import { endpoints } from '../../../core/api/endpoints/table.ts'
import { errorBody } from '../../../core/api/errors.ts'

const recorded = (status: number, json: unknown) => {
  const requests: ClientRequest[] = []
  const send: Send = async (request) => {
    requests.push(request)
    return { status, json, requestId: 'request-1' }
  }
  return { requests, call: createClient(endpoints, send) }
}
const jobId = 'a'.repeat(32)

test('CLIENT-1: a call is sent as its row says, its parts encoded', async () => {
  const { requests, call } = recorded(200, answerExamples['listJobs'])
  await call('listJobs', { query: { limit: 1, offset: undefined } })
  await call('getModel', { params: { name: 'a/b:c d' } })
  await call('pollJob', { body: { max_wait_seconds: 1 } })
  expect(requests).toEqual([
    { method: 'GET', target: '/api/v1/jobs?limit=1' },
    { method: 'GET', target: '/v1/models/a%2Fb%3Ac%20d' },
    { method: 'POST', target: '/api/v1/miners/poll', body: { max_wait_seconds: 1 } },
  ])
})

test('CLIENT-1: types of arguments and answers are those of the row', async () => {
  const { call } = recorded(200, answerExamples['getLiveness'])
  expectTypeOf<CallAnswer<'getLiveness'>>().toEqualTypeOf<{ status: 'alive' }>()
  const alive = await call('getLiveness')
  expect(alive).toEqual({ ok: true, value: { status: 'alive' } })
  // @ts-expect-error: this one has a placeholder
  void call('getJob')
  // @ts-expect-error: and this has another method than the table
  const wrong: CallRow<'getLiveness'>['method'] = 'POST'
  expect(wrong).toBe('POST')
})

test('CLIENT-2: an answer that is not of the row is none', async () => {
  for (const json of [undefined, null, [], { status: 'dead' }, 'alive']) {
    const { call } = recorded(200, json)
    const answer = await call('getLiveness')
    expect(answer).toMatchObject({ ok: false, error: { code: 'ANSWER_INVALID', status: 200 } })
  }
  const { call } = recorded(201, { status: 'alive' })
  expect((await call('getLiveness')).ok).toBe(false)
})

test('CLIENT-2: fields that a newer site adds do not stop an older client', async () => {
  const site = { status: 'alive', colour: 'green' }
  const { call } = recorded(200, site)
  expect(await call('getLiveness')).toEqual({ ok: true, value: site })
})

test('CLIENT-2: an answer without JSON is null', async () => {
  const { call } = recorded(204, undefined)
  expect(await call('pollJob', { body: {} })).toEqual({ ok: true, value: null })
})

test('CLIENT-3: a refusal has the code of its row, status, details and request id', async () => {
  const context = { requestId: 'request-2', timestamp: '2026-01-01T00:00:00.000Z' }
  const body = errorBody({ code: 'JOB_NOT_FOUND', details: { x: 1 } }, context)
  const { call } = recorded(404, body)
  expect(await call('getJob', { params: { id: jobId } })).toEqual({
    ok: false,
    error: {
      code: 'JOB_NOT_FOUND',
      status: 404,
      message: 'job not found',
      details: { x: 1 },
      requestId: 'request-1',
    },
  })
})

test('CLIENT-3: what the row does not name, and what is no refusal of a site, is REFUSED', async () => {
  const strange = { error: { code: 'FROM_THE_FUTURE', message: 'wait' } }
  const cases = [
    [{ ...strange }, 'wait'],
    [{ detail: 'gone' }, 'gone'],
    ['<html>', '/api/v1/jobs/{id}: the site answered 418'],
    [null, '/api/v1/jobs/{id}: the site answered 418'],
  ] as const
  for (const [json, message] of cases) {
    const { call } = recorded(418, json)
    const answer = await call('getJob', { params: { id: jobId } })
    expect(answer).toMatchObject({ ok: false, error: { code: 'REFUSED', status: 418, message } })
  }
})

test('CLIENT-3: OpenAI’s shape is read too', async () => {
  const { call } = recorded(404, { error: { code: 'model_not_served', message: 'no' } })
  const answer = await call('getModel', { params: { name: 'x' } })
  expect(answer).toMatchObject({ ok: false, error: { code: 'MODEL_NOT_SERVED', message: 'no' } })
})

test('CLIENT-4: a request that is lost is UNREACHABLE with what was thrown', async () => {
  const thrown = new Error('cut')
  const call = createClient(endpoints, () => Promise.reject(thrown))
  const answer = await call('getLiveness')
  expect(answer).toMatchObject({ ok: false, error: { code: 'UNREACHABLE', status: 0 } })
  expect(answer.ok ? undefined : answer.error.cause).toBe(thrown)
})

test('CLIENT-5: a page brings its own reader in place of the schemas', async () => {
  const row: CallRow<'getLiveness'> = {
    method: 'GET',
    path: '/health/live',
    read: () => ({ value: { status: 'alive' } }),
  }
  const send: Send = async () => ({ status: 200, json: {} })
  expect(await callEndpoint(row, {}, send)).toEqual({ ok: true, value: { status: 'alive' } })
  const found = endpoints.find(({ id }) => id === 'getLiveness')
  const whole = callRow<'getLiveness'>(found as never)
  expect((await callEndpoint(whole, {}, send)).ok).toBe(false)
})
