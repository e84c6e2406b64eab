import { expect, test } from 'vitest'
import { parseDuration } from '../../../core/base/duration.ts'
import { isLoopback } from '../../../core/base/loopback.ts'
import { optionReader } from '../../../core/base/option-reader.ts'

test('OPTION-1: values within bounds are read', () => {
  const faults: string[] = []
  const raw = { id: 'a-1', count: '3', share: '0.5', seed: '7', wait: '2m', price: '1.5' }
  const read = optionReader(raw, faults)
  expect(read.matching('id', /^[a-z0-9-]+$/)).toBe('a-1')
  expect(read.number('count', { least: 1, most: 3, whole: true })).toBe(3)
  expect(read.number('share', { least: 0, most: 1 })).toBe(0.5)
  expect(read.seed('seed')).toBe(7n)
  expect(read.duration('wait', { leastMs: 0, mostMs: 120_000 })).toBe(120_000)
  expect(read.coins('price', 1n)).toBe(150_000_000n)
  expect(faults).toEqual([])
})

test('OPTION-1: every fault is named with its flag', () => {
  const faults: string[] = []
  const raw = { id: 'a b', maxTokens: '1.5', share: '-1', seed: '9223372036854775808', wait: '1d' }
  const read = optionReader({ ...raw, price: '0', lock: 'x' }, faults)
  read.matching('id', /^[a-z0-9-]+$/)
  expect(read.number('maxTokens', { least: 1, most: 9, whole: true })).toBe(1)
  read.number('share', { least: 0, most: 1 })
  read.seed('seed')
  read.duration('wait', { leastMs: 1_000, mostMs: 5_000 })
  read.coins('price', 1n)
  read.coins('lock', 0n)
  expect(faults).toEqual([
    '--id cannot be "a b"',
    '--max-tokens is a whole number from 1 to 9',
    '--share is a number from 0 to 1',
    '--seed is a whole number below 2^63',
    '--wait is a time such as 15s or 2m, from 1000 to 5000 ms',
    '--price: must be above 0',
    expect.stringMatching(/^--lock: amount must look like/),
  ])
})

test('OPTION-2: durations as people write them', () => {
  const texts = ['500ms', '15s', '2m', '1h', '30', ' 5s ', '1.5s', '-1s', '1d', '']
  expect(texts.map(parseDuration)).toEqual([
    500,
    15_000,
    120_000,
    3_600_000,
    30_000,
    5_000,
    ...Array(4).fill(undefined),
  ])
})

test('OPTION-2: loopback is this machine and nothing that looks like it', () => {
  const own = ['localhost', 'a.localhost', '127.0.0.1', '127.9.9.9', '[::1]']
  const others = ['localhost.example', '127.evil.example', '128.0.0.1', '[::2]', 'xlocalhost', '']
  expect(own.map(isLoopback)).toEqual(own.map(() => true))
  expect(others.map(isLoopback)).toEqual(others.map(() => false))
})
