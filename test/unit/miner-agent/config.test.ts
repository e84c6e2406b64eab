import { describe, expect, test } from 'vitest'
import { parseDuration } from '../../../core/base/duration.ts'
import { isLoopback } from '../../../core/base/loopback.ts'
import { slotMs } from '../../../core/chain/genesis.ts'
import { jobLimits } from '../../../core/jobs/limits.ts'
import { parseConfig } from '../../../miner-agent/config.ts'
import { refusedPauseMs } from '../../../miner-agent/settler.ts'

function parse(line: string, env: NodeJS.ProcessEnv = {}) {
  return parseConfig(
    line.split(' ').filter((word) => word !== ''),
    env,
  )
}

const messageOf = (line: string) => {
  const config = parse(line)
  return config.ok ? 'ok' : config.error.message
}

describe('command line of the miner', () => {
  test('the issue’s line is enough, with the default prices', () => {
    const config = parse('--id miner-A --gpu 0 --api http://127.0.0.1:18000')
    if (!config.ok) throw new Error(config.error.message)
    expect(config.value.minerId).toBe('miner-A')
    expect(config.value.gpu).toEqual({ kind: 'index', index: 0 })
    expect(config.value.pricePrompt).toBe(1_000_000n)
    expect(config.value.priceCompletion).toBe(3_000_000n)
    expect(config.value.engine).toBe('auto')
    expect(config.value.models).toBeUndefined()
  })

  test('a release that nobody settles is tried twice before the shortest margin ends', () => {
    const config = parse('--id a --gpu none')
    if (!config.ok) throw new Error(config.error.message)
    const marginMs = jobLimits.settleMarginSlots * slotMs
    expect(config.value.settleAfterMs + refusedPauseMs).toBeLessThan(marginMs)
    // The coordinator sends it after a moment; nobody should pay for haste.
    expect(config.value.settleAfterMs).toBeGreaterThan(10 * jobLimits.settlementDelayMs)
  })

  test('every option reaches the configuration', () => {
    const config = parse(
      '--id a --gpu none --engine ollama --ollama-url http://gpu:1 --models x,y --concurrency 3 ' +
        '--queue 0 --region eu --price-in 1 --price-out 2.5 --api-key-env KEY --gpu-lock card0 ' +
        '--rpc https://other.example --vram-reserve 100 --heartbeat 5s --token-timeout 1m --drain-timeout 0 --settle-after 10s ' +
        '--unreleased-max 3 --unsettled-max 4 --summary 1h --metrics-addr [::1]:9 --log json --verbose --once --dry-run',
    )
    if (!config.ok) throw new Error(config.error.message)
    expect(config.value).toMatchObject({
      rpc: new URL('https://other.example'),
      gpu: { kind: 'none' },
      engine: 'ollama',
      ollamaUrl: 'http://gpu:1',
      models: ['x', 'y'],
      concurrency: 3,
      queueMax: 0,
      region: 'eu',
      pricePrompt: 100_000_000n,
      priceCompletion: 250_000_000n,
      apiKeyFrom: { kind: 'env', name: 'KEY' },
      gpuLock: 'card0',
      vramReserveMib: 100,
      heartbeatMs: 5_000,
      tokenTimeoutMs: 60_000,
      drainTimeoutMs: 0,
      settleAfterMs: 10_000,
      unreleasedMax: 300_000_000n,
      unsettledMax: 400_000_000n,
      summaryMs: 3_600_000,
      metricsAddress: { host: '::1', port: 9 },
      log: 'json',
      verbose: true,
      once: true,
      dryRun: true,
    })
  })

  test('what is wrong is named', () => {
    expect(messageOf('')).toContain('--id')
    expect(messageOf('--id a/b')).toContain('--id cannot be')
    expect(messageOf('--id a --gpu x')).toContain('--gpu')
    expect(messageOf('--id a --concurrency 0')).toContain('--concurrency')
    expect(messageOf('--id a --concurrency 65')).toContain('1 to 64')
    expect(messageOf('--id a --price-in -1')).toContain('--price-in')
    expect(messageOf('--id a --price-out 0.000000001')).toContain('--price-out')
    expect(messageOf('--id a --heartbeat soon')).toContain('--heartbeat')
    expect(messageOf('--id a --engine cuda')).toContain('--engine')
    expect(messageOf('--id a --gpu-lock a/b')).toContain('--gpu-lock')
    expect(messageOf('--id a --unknown')).toContain('--unknown')
    expect(messageOf('--id a --api-key-env A --key-file B')).toContain('exclude')
    expect(messageOf('--id a --metrics-addr host')).toContain('--metrics-addr')
    expect(messageOf('--id a --accept-genesis zz')).toContain('--accept-genesis')
  })

  test('plain http is for this machine only, unless insisted on', () => {
    expect(messageOf('--id a --api http://example.com')).toContain('--insecure')
    expect(messageOf('--id a --api http://example.com --insecure')).toBe('ok')
    expect(messageOf('--id a --api https://example.com')).toBe('ok')
    expect(messageOf('--id a --api http://localhost:1')).toBe('ok')
    expect(messageOf('--id a --api http://[::1]:1')).toBe('ok')
    expect(messageOf('--id a --api ftp://127.0.0.1')).toContain('--api')
    expect(messageOf('--id a --api http://me:pw@127.0.0.1')).toContain('--api')
    for (const host of ['localhost.example.com', '127.0.0.1.example.com', '128.0.0.1', '[::2]']) {
      expect(isLoopback(host)).toBe(false)
    }
  })

  test('durations', () => {
    expect(['500ms', '15s', '2m', '1h', '7', ' 3s '].map(parseDuration)).toEqual([
      500, 15_000, 120_000, 3_600_000, 7_000, 3_000,
    ])
    expect(['', '-1s', '1.5s', '1d', 's', '1 s', '9999999999s'].map(parseDuration)).toEqual(
      new Array(7).fill(undefined),
    )
  })
})
