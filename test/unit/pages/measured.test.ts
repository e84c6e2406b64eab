/** Rows of measured figures for the home page. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import {
  type BenchResult,
  groupOf,
  measuredRows,
  threeDigits,
} from '../../../pages/build/measured.ts'

const result: BenchResult = {
  bench: 'any<thing',
  at: '2026-11-23T14:15:29.996Z',
  machine: { cores: 2, cpu: 'A CPU', memoryGib: 24, node: '24.21.0', workerd: '1.2' },
  figures: [
    { name: 'time & again', unit: 'ms', value: 1.6249, goal: '≤ 5', met: true },
    {
      name: 'jobs',
      unit: 'jobs/s',
      value: 405.4,
      goal: '≥ 1000',
      met: false,
      cause: 'one <thread>',
    },
  ],
}

test('PAGE-15: a figure shows name, value, unit, goal and whether it was met, as text', () => {
  const html = groupOf(result)
  expect(html).toContain(
    '<time datetime="2026-11-23T14:15:29.996Z">2026-11-23</time>, 2 cores, A CPU',
  )
  expect(html).toContain('any&lt;thing')
  expect(html).toContain('Time &amp; again')
  expect(html).toContain('1.62<span class="amount-unit">ms</span>')
  expect(html).toContain('405<span class="amount-unit">jobs/s</span>')
  expect(html).toContain('One &lt;thread&gt;')
  expect(html.match(/>Met</g)).toHaveLength(1)
  expect(html.match(/>Missed</g)).toHaveLength(1)
})

test.each([
  [2.998, '3.00'],
  [0.0612, '0.0612'],
  [99.96, '100'],
  [12_400.4, '12 400'],
])('PAGE-15: %d is shown as %s', (value, text) => {
  expect(threeDigits(value)).toBe(text)
})

test('PAGE-15: without a result, or with one of another shape, the build fails', () => {
  const folder = mkdtempSync(join(tmpdir(), 'aitbc-measured-'))
  try {
    expect(() => measuredRows(folder)).toThrow('no benchmark is kept')
    writeFileSync(join(folder, 'a.json'), JSON.stringify({ ...result, figures: [] }))
    expect(() => measuredRows(folder)).toThrow('not one that this page can show')
    writeFileSync(join(folder, 'a.json'), JSON.stringify({ ...result, at: 'yesterday' }))
    expect(() => measuredRows(folder)).toThrow('not one that this page can show')
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
