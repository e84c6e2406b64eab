import { afterEach, expect, test, vi } from 'vitest'
import { forwardToUpstream } from '../../../workers/chain-client.ts'

afterEach(() => {
  vi.unstubAllGlobals()
})

/** Forwards a request; returns what the followed site saw, and what the caller gets. */
async function forwarded(request: Request, answer = new Response('{}')) {
  const seen: Request[] = []
  vi.stubGlobal('fetch', async (passed: Request) => {
    seen.push(passed)
    return answer
  })
  const response = await forwardToUpstream(request, 'https://leader.example')
  const [passed] = seen
  if (!passed) throw new Error('nothing was passed on')
  return { passed, response }
}

test('RPC-11: no credential of a caller reaches the followed site', async () => {
  const { passed } = await forwarded(
    new Request('https://here.example/rpc/getBalance/a?x=1', {
      headers: {
        accept: 'application/json',
        'x-api-key': 'client-key-1',
        authorization: 'Bearer client-key-1',
        cookie: 'session=1',
        'x-aitbc-key': '11',
        'x-aitbc-timestamp': '1',
        'x-aitbc-signature': '22',
        'proxy-authorization': 'Basic x',
        'cf-connecting-ip': '192.0.2.1',
        'x-forwarded-for': '192.0.2.1',
      },
    }),
  )
  expect(passed.url).toBe('https://leader.example/rpc/getBalance/a?x=1')
  expect([...passed.headers.keys()]).toEqual(['accept'])
})

test('RPC-11: what the question is made of goes along', async () => {
  const headers = { 'content-type': 'application/json', 'x-request-id': 'abc' }
  const { passed } = await forwarded(new Request('https://here.example/rpc/head', { headers }))
  expect(Object.fromEntries(passed.headers)).toEqual(headers)
})

test('RPC-11: the followed site sets no cookie here', async () => {
  const answer = new Response('{"a":1}', {
    status: 404,
    headers: { 'set-cookie': 'a=b', 'content-type': 'application/json' },
  })
  const { response } = await forwarded(new Request('https://here.example/rpc/head'), answer)
  expect(response.status).toBe(404)
  expect(response.headers.get('set-cookie')).toBeNull()
  expect(response.headers.get('content-type')).toBe('application/json')
  expect(await response.text()).toBe('{"a":1}')
})
