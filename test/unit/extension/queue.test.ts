/** The queue of requests, the table of permissions, the list of what was signed. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  type Activity,
  activityLimits,
  withEntry,
  withStanding,
} from '../../../pages/extension/background/activity.ts'
import {
  grantOf,
  grantsMax,
  isPermittedOrigin,
  type Permissions,
  permissionList,
  withGrant,
  withoutGrant,
} from '../../../pages/extension/background/permissions.ts'
import {
  type Ask,
  answerOf,
  askOf,
  emptyQueue,
  type Queue,
  queueLimits,
  refusalOf,
  waitingAsks,
  withAsk,
  withChange,
  withOutcome,
} from '../../../pages/extension/background/queue.ts'

const ask = (id: string, origin = 'https://a.example', atMs = 0): Ask => ({
  origin,
  id,
  tabId: 1,
  atMs,
  wish: { kind: 'connect' },
  state: 'waiting',
})
const rejected = { error: { code: 4001, message: 'no' } }

test('EXT-13: the same origin and id is the same request; another origin has its own', () => {
  const one = withAsk(emptyQueue, ask('x'))
  expect(withAsk(one, { ...ask('x'), atMs: 9 })).toBe(one)
  const two = withAsk(one, ask('x', 'https://b.example'))
  expect(waitingAsks(two)).toHaveLength(2)
  const done = withOutcome(two, ask('x'), { result: ['secret'] }, 1)
  const mine = askOf(done, ask('x')) as Ask
  const other = askOf(done, ask('x', 'https://b.example')) as Ask
  expect(answerOf(mine)).toEqual({ id: 'x', result: ['secret'] })
  expect(answerOf(other)).toBeUndefined()
})

test('EXT-13: what is done is never done again, whatever comes after', () => {
  const done = withOutcome(withAsk(emptyQueue, ask('x')), ask('x'), { result: 1 }, 1)
  expect(withOutcome(done, ask('x'), rejected, 2)).toBe(done)
  expect(withChange(done, ask('x'), (before) => ({ ...before, state: 'waiting' }))).toBe(done)
  expect(withOutcome(done, ask('unknown'), rejected, 2)).toBe(done)
})

test('EXT-14: at most 3 of an origin and 12 of all wait', () => {
  let queue: Queue = emptyQueue
  for (let count = 0; count < queueLimits.waitingMax; count++) {
    expect(refusalOf(queue, 'https://a.example', 0)).toBeUndefined()
    queue = withAsk(queue, ask(`${count}`))
  }
  expect(refusalOf(queue, 'https://a.example', 0)?.code).toBe(-32005)
  expect(refusalOf(queue, 'https://b.example', 0)).toBeUndefined()
  for (let count = 0; waitingAsks(queue).length < queueLimits.waitingAllMax; count++) {
    queue = withAsk(queue, ask('x', `https://${count}.example`))
  }
  expect(refusalOf(queue, 'https://new.example', 0)?.code).toBe(-32005)
})

test('EXT-14: three rejections in a row silence an origin for a while; a yes in between starts over', () => {
  const reject = (queue: Queue, id: string) =>
    withOutcome(withAsk(queue, ask(id)), ask(id), rejected, 1_000)
  let queue = reject(reject(emptyQueue, 'a'), 'b')
  expect(refusalOf(queue, 'https://a.example', 1_000)).toBeUndefined()
  const forgiven = withOutcome(withAsk(queue, ask('y')), ask('y'), { result: 1 }, 1_000)
  expect(refusalOf(reject(forgiven, 'c'), 'https://a.example', 1_000)).toBeUndefined()
  queue = reject(queue, 'c')
  expect(refusalOf(queue, 'https://a.example', 1_000)?.code).toBe(4001)
  expect(refusalOf(queue, 'https://b.example', 1_000)).toBeUndefined()
  expect(refusalOf(queue, 'https://a.example', 1_000 + queueLimits.quietMs)).toBeUndefined()
})

test('EXT-14: the queue stays bounded and loses nothing that waits or is signed', () => {
  const step = fc.record({
    id: fc.integer({ min: 0, max: 400 }).map(String),
    origin: fc.constantFrom('https://a.example', 'https://b.example'),
    act: fc.constantFrom('add', 'sign', 'yes', 'no'),
    afterMs: fc.integer({ min: 0, max: 60_000 }),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 400 }), (steps) => {
      let queue = emptyQueue
      let nowMs = 0
      const open = new Set<string>()
      for (const { id, origin, act, afterMs } of steps) {
        nowMs += afterMs
        const key = `${origin} ${id}`
        const isNew = askOf(queue, { origin, id }) === undefined
        if (act === 'add') {
          queue = withAsk(queue, ask(id, origin, nowMs))
          if (isNew) open.add(key)
        } else if (act === 'sign') {
          queue = withChange(queue, { origin, id }, (before) => ({
            ...before,
            state: 'signed',
            bytes: '00',
            hash: '0x00',
          }))
        } else {
          queue = withOutcome(
            queue,
            { origin, id },
            act === 'yes' ? { result: 1 } : rejected,
            nowMs,
          )
          open.delete(key)
        }
        const kept = queue.asks.filter(({ state }) => state !== 'done')
        expect(new Set(kept.map((one) => `${one.origin} ${one.id}`))).toEqual(open)
        const done = queue.asks.length - kept.length
        expect(done).toBeLessThanOrEqual(queueLimits.answersMax + open.size + 1)
      }
    }),
    { numRuns: 50 },
  )
})

test('EXT-12: permissions are one account an origin, bounded, the oldest first to go', () => {
  const grant = (origin: string, address = 'aitbc1x') => ({ origin, address, sinceMs: 7 })
  let permissions: Permissions = []
  for (let count = 0; count <= grantsMax; count++) {
    permissions = withGrant(permissions, grant(`https://${count}.example`))
  }
  expect(permissions).toHaveLength(grantsMax)
  expect(grantOf(permissions, 'https://0.example')).toBeUndefined()
  permissions = withGrant(permissions, grant('https://5.example', 'aitbc1y'))
  expect(grantOf(permissions, 'https://5.example')?.address).toBe('aitbc1y')
  expect(grantOf(permissions, '__proto__')).toBeUndefined()
  expect(withoutGrant(permissions, 'https://nobody.example')).toBe(permissions)
  expect(
    grantOf(withoutGrant(permissions, 'https://5.example'), 'https://5.example'),
  ).toBeUndefined()
  expect(permissionList(undefined)).toEqual([])
  expect(permissionList(grant('https://a.example'))).toMatchObject([
    { invoker: 'https://a.example', caveats: [{ value: ['aitbc1x'] }] },
  ])
})

test.each([
  ['https://edge.example', true],
  ['https://xn--itbc-43d.example', true],
  ['http://localhost:8787', true],
  ['http://127.0.0.1', true],
  ['http://edge.example', false],
  ['http://127.0.0.1.evil.example', false],
  ['https://edge.example/', false],
  ['https://EDGE.example', false],
  ['null', false],
  ['file://', false],
  ['chrome-extension://abc', false],
  ['', false],
])('EXT-11: whether %s may have a wallet: %s', (origin, may) => {
  expect(isPermittedOrigin(origin)).toBe(may)
})

const sent = (hash: string): Activity => ({
  kind: 'transaction',
  atMs: 0,
  origin: 'https://a.example',
  account: 'aitbc1x',
  chainId: 'c',
  hash,
  summary: 's',
  standing: { status: 'unknown' },
})

test('EXT-16: a transaction is listed once, however often it is sent, and final stays final', () => {
  let entries = withEntry([], sent('0x1'))
  expect(withEntry(entries, sent('0x1'))).toBe(entries)
  entries = withStanding(entries, '0x1', { status: 'final', outcome: 'applied' })
  entries = withStanding(entries, '0x1', { status: 'pending' })
  expect(entries[0]).toMatchObject({ standing: { status: 'final' } })
  for (let count = 0; count < 300; count++) entries = withEntry(entries, sent(`0x${count}`))
  expect(entries).toHaveLength(activityLimits.entriesMax)
})
