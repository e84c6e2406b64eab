import { describe, expect, test } from 'vitest'
import { exitCodeOf, exitCodes } from '../../../cli/exit-codes.ts'
import { parseOptions } from '../../../cli/options.ts'

const parse = (...words: string[]) => parseOptions(words)
const least = ['--id', 'client-1', '--ollama-model', 'm']
const messageOf = (...words: string[]) => {
  const options = parse(...words)
  return options.ok ? 'ok' : options.error.message
}

describe('command line of the client', () => {
  test('the issue’s line is enough', () => {
    const options = parse(...least, '--api', 'http://127.0.0.1:18000', '--prompt', 'two words')
    if (!options.ok) throw new Error(options.error.message)
    expect(options.value).toMatchObject({
      clientId: 'client-1',
      model: 'm',
      prompt: { text: 'two words' },
      count: 1,
      output: 'text',
      maxPrice: undefined,
      seed: undefined,
    })
  })

  test('every option reaches the options', () => {
    const options = parse(
      ...least,
      ...['--prompt-file', '-', '--system', 's', '--max-tokens', '9', '--temperature', '0.5'],
      ...['--top-p', '0.9', '--seed', '9223372036854775807', '--stop', 'a', '--stop', 'b'],
      ...['--max-price', '0.5', '--lock', '7', '--ttl', '1m', '--region', 'eu', '--count', '3'],
      ...['--settle-timeout', '5s', '--genesis', 'g.json', '--output', 'json', '--stream'],
      ...['--quiet', '--rpc', 'https://other.example'],
    )
    if (!options.ok) throw new Error(options.error.message)
    expect(options.value).toMatchObject({
      rpc: new URL('https://other.example'),
      prompt: { file: '-' },
      system: 's',
      maxTokens: 9,
      temperature: 0.5,
      topP: 0.9,
      seed: 2n ** 63n - 1n,
      stop: ['a', 'b'],
      maxPrice: 50_000_000n,
      lock: 700_000_000n,
      ttlSeconds: 60,
      region: 'eu',
      count: 3,
      settleTimeoutMs: 5_000,
      genesisFile: 'g.json',
      output: 'json',
      stream: true,
      quiet: true,
    })
  })

  test('what is wrong is named', () => {
    expect(messageOf('--ollama-model', 'm', '--prompt', 'x')).toContain('--id')
    expect(messageOf('--id', 'a', '--prompt', 'x')).toContain('--ollama-model')
    expect(messageOf('status')).toMatch(/no command "status".*wallet/)
    expect(messageOf(...least)).toContain('--prompt-file')
    expect(messageOf(...least, '--prompt', 'x', '--prompt-file', 'y')).toContain('one of')
    expect(messageOf(...least, '--prompt', '')).toContain('empty')
    for (const [flag, value] of [
      ['--max-tokens', '0'],
      ['--max-tokens', '1.5'],
      ['--temperature', '2.1'],
      ['--top-p', '0'],
      ['--seed', '9223372036854775808'],
      ['--max-price', '0'],
      ['--ttl', '2h'],
      ['--count', '0'],
      ['--output', 'xml'],
      ['--api', 'http://example.com'],
      ['--api', 'mailto:me'],
      ['--rpc', 'http://example.com'],
    ] as const) {
      expect(messageOf(...least, '--prompt', 'x', flag, value)).toContain(flag)
    }
    expect(messageOf(...least, '--prompt', 'x', '--colour')).toContain('--colour')
  })

  test('an HTTP status becomes the exit code that it deserves', () => {
    const pairs = [401, 403, 404, 402, 409, 429, 408, 504, 500, 503, 422, 400].map(exitCodeOf)
    expect(pairs).toEqual([3, 3, 4, 5, 5, 5, 7, 7, 8, 8, 2, 2])
    expect(Object.values(exitCodes)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 130])
  })
})
