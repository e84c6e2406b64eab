import { expect, test } from 'vitest'
import { applyJobEvent, createJob } from '../../../core/jobs/job.ts'
import {
  webhookBody,
  webhookEventOf,
  webhookLimits,
  webhookPauseMs,
  webhookSigned,
  webhookUrlFault,
} from '../../../core/jobs/webhook.ts'

test.each([
  'https://hooks.example.org/aitbc?x=1',
  'https://example.com',
  'https://example.com:8443/a/b',
  'https://8.8.8.8/x',
  'https://[2606:4700:4700::1111]/x',
  'https://xn--bcher-kva.example.org./',
])('HOOK-1: %s is told', (url) => {
  expect(webhookUrlFault(url, false)).toBeUndefined()
})

test.each([
  'http://example.com/',
  'ftp://example.com/',
  'https://user:secret@example.com/',
  'https://example.com@127.0.0.1/',
  'https://localhost/',
  'https://a.localhost/',
  'https://127.0.0.1/',
  'https://127.1/',
  'https://2130706433/',
  'https://0x7f.0.0.1/',
  'https://0177.0.0.1/',
  'https://10.0.0.1/',
  'https://10.0.0.1./',
  'https://172.16.0.1/',
  'https://172.31.255.255/',
  'https://192.168.1.1/',
  'https://169.254.169.254/latest/meta-data',
  'https://100.64.0.1/',
  'https://0.0.0.0/',
  'https://224.0.0.1/',
  'https://255.255.255.255/',
  'https://192.0.2.1/',
  'https://198.18.0.1/',
  'https://198.51.100.1/',
  'https://203.0.113.1/',
  'https://[::1]/',
  'https://[::]/',
  'https://[::ffff:127.0.0.1]/',
  'https://[fe80::1]/',
  'https://[fc00::1]/',
  'https://[fd12:3456::1]/',
  'https://[64:ff9b::7f00:1]/',
  'https://[2002:7f00:1::]/',
  'https://[2001:db8::1]/',
  'https://[2001:0:53aa::1]/',
  'https://intranet/',
  'https://nas.home.arpa./',
  'https://printer.local/',
  'https://db.internal/',
  'https://router.home.arpa/',
  'https://a b.example.com/',
  'https://example.com\\@127.0.0.1/',
  'https://example.com/\nhost:x',
  'https://ex%61mple.com/',
  'https://①②⑦.0.0.1/',
  'javascript:alert(1)',
  '',
  `https://example.com/${'x'.repeat(3_000)}`,
])('HOOK-1: %s is not told', (url) => {
  expect(webhookUrlFault(url, false)).toBeTypeOf('string')
})

test('HOOK-1: a site on this very machine may call this machine, and nothing else that is private', () => {
  expect(webhookUrlFault('http://127.0.0.1:9999/x', true)).toBeUndefined()
  expect(webhookUrlFault('http://localhost/x', true)).toBeUndefined()
  expect(webhookUrlFault('http://192.168.1.1/x', true)).toBeTypeOf('string')
  expect(webhookUrlFault('http://example.com/x', true)).toBeTypeOf('string')
})

test('HOOK-2: a body says how it ended, and signing covers id, time and body', () => {
  const job = createJob({
    jobId: 'ab'.repeat(16),
    requestedAtMs: 1_790_000_000_000,
    ttlSeconds: 60,
  })
  expect(webhookEventOf(job)).toBeUndefined()
  const ended = applyJobEvent(
    job,
    { type: 'cancel', message: 'canceled by client' },
    1_790_000_001_000,
  )
  if (!ended.ok) throw new Error('it can be canceled')
  expect(webhookEventOf(ended.value.job)).toBe('job.canceled')
  expect(webhookBody('job.canceled', ended.value.job, 1_790_000_002_000)).toEqual({
    type: 'job.canceled',
    timestamp: '2026-09-21T14:13:22.000Z',
    data: {
      job_id: 'ab'.repeat(16),
      state: 'canceled',
      requested_at: '2026-09-21T14:13:20.000Z',
      ended_at: '2026-09-21T14:13:21.000Z',
      attempts: 0,
      error: { code: 'JOB_CANCELED', message: 'canceled by client' },
    },
  })
  expect(webhookSigned({ id: 'msg_1', timestamp: 5, body: '{}' })).toBe('msg_1.5.{}')
})

test('HOOK-3: pauses grow, and end', () => {
  const pauses = [1, 2, 3, 4, 5, 6, 7].map(webhookPauseMs)
  expect(pauses).toEqual([...webhookLimits.pausesMs, undefined])
  expect([...webhookLimits.pausesMs].sort((a, b) => a - b)).toEqual(webhookLimits.pausesMs)
})
