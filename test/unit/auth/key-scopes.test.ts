/** What keys of accounts may do: by method and path. */
import { expect, test } from 'vitest'
import { allows, scopeNeeded } from '../../../core/auth/key-scopes.ts'

const bases = ['/api/v1', '/api', '/v1']

test.each([
  ['GET', '/jobs', 'jobs:read'],
  ['HEAD', '/market/offers', 'jobs:read'],
  ['POST', '/jobs/estimate', 'jobs:read'],
  ['POST', '/jobs', 'jobs:submit'],
  ['DELETE', '/jobs/1', 'jobs:submit'],
  ['POST', '/a-route-that-is-new', 'jobs:submit'],
  ['POST', '/market/bids', 'market'],
  ['DELETE', '/marketplace/offers/1', 'market'],
] as const)('SCOPE-1: %s %s needs %s, in every spelling', (method, rest, need) => {
  for (const base of bases) expect(scopeNeeded({ method, path: `${base}${rest}` })).toBe(need)
})

test('SCOPE-1: chat under /ollama is submitting, asking what a model is is not', () => {
  expect(scopeNeeded({ method: 'POST', path: '/ollama/api/chat' })).toBe('jobs:submit')
  expect(scopeNeeded({ method: 'POST', path: '/ollama/api/show' })).toBe('jobs:read')
})

test('SCOPE-2: who submits or trades also reads; a miner does neither', () => {
  expect(allows(['jobs:submit'], 'jobs:read')).toBe(true)
  expect(allows(['market'], 'jobs:read')).toBe(true)
  expect(allows(['jobs:read'], 'jobs:submit')).toBe(false)
  expect(allows(['jobs:submit'], 'market')).toBe(false)
  for (const need of ['jobs:read', 'jobs:submit', 'market'] as const) {
    expect(allows(['miner'], need)).toBe(false)
  }
})

test('SCOPE-3: no scope is good for wallets', () => {
  const need = scopeNeeded({ method: 'GET', path: '/wallet/v1/wallets' })
  expect(need).toBe('none')
  expect(allows(['jobs:read', 'jobs:submit', 'market', 'miner'], need)).toBe(false)
})
