/** Which other sites a site is told to talk to. */
import { expect, test } from 'vitest'
import { peersMax, readPeerUrls } from '../../../core/api/peer-urls.ts'
import { readChainConfiguration } from '../../../durable-objects/chain/configuration.ts'
import { configOf } from '../../../workers/config.ts'
import type { Env } from '../../../workers/env.ts'
import { routeSecrets } from '../../support/route-env.ts'

test('PEER-16: origins are taken, with or without a slash at the end', () => {
  const text = ' https://a.example , http://127.0.0.1:18001/,http://[::1]:7,'
  expect(readPeerUrls(text)).toEqual({
    ok: true,
    value: ['https://a.example', 'http://127.0.0.1:18001', 'http://[::1]:7'],
  })
  expect(readPeerUrls(undefined)).toEqual({ ok: true, value: [] })
})

const many = Array.from({ length: peersMax + 1 }, (_, at) => `https://${at}.example`).join(',')

test.each([
  'http://a.example',
  'a.example',
  'ftp://a.example',
  'https://a.example/rpc',
  'https://a.example?x',
  'https://user:secret@a.example',
  'https://a.example,https://a.example/',
  many,
])('PEER-16: %s is refused, by object and gateway, and not shown', (PEERS) => {
  expect(readPeerUrls(PEERS)).toMatchObject({ ok: false })
  const object = readChainConfiguration({ ...routeSecrets, PEERS })
  expect(object).toMatchObject({ ok: false, error: { code: 'CONFIG_INVALID' } })
  const gateway = configOf({ ...routeSecrets, PEERS } as unknown as Env)
  expect(gateway).toMatchObject({ ok: false, error: { names: ['PEERS'] } })
  expect(JSON.stringify([object, gateway])).not.toContain('secret')
})

test('PEER-16: a site that follows by HTTP has no peers', () => {
  const env = { ...routeSecrets, PEERS: 'https://a.example', CHAIN_UPSTREAM: 'https://b.example' }
  expect(configOf(env as unknown as Env)).toMatchObject({ ok: false, error: { names: ['PEERS'] } })
})
