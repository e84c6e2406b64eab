import { expect, test } from 'vitest'
import { cleanText, createLogger, type LogFormat } from '../../../miner-agent/log.ts'

function lines(format: LogFormat, level: 'debug' | 'info' = 'info') {
  const written: string[] = []
  const log = createLogger({ format, level, write: (line) => written.push(line), nowMs: () => 0 })
  return { log, written }
}

test('text lines show time, level, event and fields', () => {
  const { log, written } = lines('text')
  log.info('job done', { job: 'ab', tokens: 3, units: 5n, reason: 'two words', none: undefined })
  log.debug('hidden')
  expect(written).toEqual([
    '00:00:00 info  job done  job=ab  tokens=3  units=5  reason="two words"\n',
  ])
})

test('JSON lines are one object each, whatever a field holds', () => {
  const { log, written } = lines('json', 'debug')
  log.debug('a', { text: 'line\nbreak "quoted" \u001b[31mred', amount: 10n ** 19n })
  expect(written).toHaveLength(1)
  expect(written[0]?.trimEnd()).not.toContain('\n')
  expect(JSON.parse(written[0] as string)).toEqual({
    time: '1970-01-01T00:00:00.000Z',
    level: 'debug',
    event: 'a',
    text: 'line break "quoted"  [31mred',
    amount: '10000000000000000000',
  })
})

test('text from elsewhere is cut and cannot steer a terminal or forge a line', () => {
  expect(cleanText('x'.repeat(1_000)).length).toBe(301)
  expect(cleanText('a\r\n00:00:00 error forged\u202e')).toBe('a 00:00:00 error forged ')
})
