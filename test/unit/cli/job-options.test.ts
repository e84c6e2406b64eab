import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readCsv } from '../../../cli/csv.ts'
import { jobActions, parseJobOptions } from '../../../cli/job-options.ts'

describe('command lines of jobs by key', () => {
  test('what a submission says', () => {
    const read = parseJobOptions([
      ...['submit', '--prompt', 'hi', '--model', 'm', '--ttl', '60', '--limit', '1.5', '--wait'],
      ...['--priority', 'high', '--sort', 'speed', '--fallback', 'a, b', '--max-tokens', '9'],
      ...['--retries', '3', '--retry-delay', '0.5', '--webhook', 'https://example.org/x'],
    ])
    expect(read).toMatchObject({
      ok: true,
      value: {
        jobAction: 'submit',
        wait: true,
        question: { text: 'hi' },
        payload: { type: 'inference', model: 'm', parameters: { max_tokens: 9 } },
        body: {
          ttl_seconds: 60,
          limit: '150000000',
          priority: 'high',
          routing: { sort: 'speed', models: ['a', 'b'] },
          webhook: { url: 'https://example.org/x' },
        },
        retries: 3,
        retryDelayMs: 500,
      },
    })
  })

  test.each([
    [['submit'], /--prompt and --file/],
    [['submit', '--prompt', 'a', '--file', 'b'], /--prompt and --file/],
    [['submit', '--prompt', 'a', '--ttl', '0'], /--ttl/],
    [['submit', '--prompt', 'a', '--priority', 'urgent'], /priority/],
    [['estimate', '--prompt', 'a', '--wait'], /wait/],
    [['batch-submit'], /FILE/i],
    [['why'], /--miner/],
    [['why', 'a', '--miner', 'b'], /--miner/],
    [['submit', '--prompt', 'a', '--api', 'http://example.org'], /unencrypted/],
    [['guess'], /no command/],
  ])('%j is refused', (argv, message) => {
    const read = parseJobOptions(argv)
    expect(read).toMatchObject({ ok: false, error: { code: 'USAGE' } })
    expect(read.ok ? '' : read.error.message).toMatch(message)
  })

  test('every command has its help', () => {
    for (const action of jobActions) {
      expect(parseJobOptions([action, '--nonsense']).ok).toBe(false)
    }
  })
})

describe('CSV', () => {
  test('quotes, commas, line ends and empty fields', () => {
    const text = 'prompt,model,priority\r\n"a ""b"", c",m,\r\n"two\nlines",,low\r\n\r\nplain,m,high'
    expect(readCsv(text)).toEqual([
      { prompt: 'a "b", c', model: 'm' },
      { prompt: 'two\nlines', priority: 'low' },
      { prompt: 'plain', model: 'm', priority: 'high' },
    ])
    expect(readCsv('')).toEqual([])
    expect(() => readCsv('prompt\n"half')).toThrow('row 2')
  })

  test('what is written by the rules is read as it was', () => {
    const written = (rows: readonly string[][]) =>
      rows.map((row) => row.map((each) => `"${each.replaceAll('"', '""')}"`).join(',')).join('\n')
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.string({ minLength: 1 }), fc.string({ minLength: 1 })), {
          minLength: 1,
        }),
        (rows) => {
          const read = readCsv(written([['a', 'b'], ...rows]))
          expect(read).toEqual(rows.map(([a, b]) => ({ a, b })))
        },
      ),
    )
  })
})
