import { expect, test } from 'vitest'
import { err, ok } from '../../../core/base/result.ts'
import { app } from './app.ts'

const escrow = 'ab'.repeat(32)

test('ESCROWHTTP-1: the coordinator is asked for the key’s own principal', async () => {
  const { call, calls } = app({ linkEscrow: async () => ok(null) })
  const response = await call('PUT', '/api/v1/escrow', { escrow: `0x${escrow.toUpperCase()}` })
  expect([response.status, await response.json()]).toEqual([200, { escrow, linked: true }])
  expect(calls.at(-1)).toEqual({
    method: 'linkEscrow',
    args: [{ kind: 'api_key', scope: 'client', publicId: 'client-1' }, escrow],
  })
})

test('ESCROWHTTP-1: a refusal says which keys the escrow must name', async () => {
  const details = { coordinator: '11'.repeat(32), delegate: '22'.repeat(32) }
  const { call } = app({ linkEscrow: async () => err({ code: 'ESCROW_REQUIRED', details }) })
  const response = await call('PUT', '/api/v1/escrow', { escrow })
  expect(response.status).toBe(402)
  expect(((await response.json()) as { error: unknown }).error).toMatchObject({
    code: 'ESCROW_REQUIRED',
    details,
  })
})

test('ESCROWHTTP-2: an account is told that it needs no link', async () => {
  const response = await app().signed('PUT', '/api/v1/escrow', { escrow })
  expect(response.status).toBe(403)
})

test.each([{}, { escrow: 'ab' }, { escrow: 7 }])('ESCROWHTTP-2: %j is 422', async (body) => {
  const response = await app().call('PUT', '/api/v1/escrow', body)
  expect(response.status).toBe(422)
})
