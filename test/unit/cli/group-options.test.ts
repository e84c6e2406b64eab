import { describe, expect, test } from 'vitest'
import { adminGroup } from '../../../cli/admin-command.ts'
import { type Group, parseGroup } from '../../../cli/group-options.ts'
import { keysGroup } from '../../../cli/keys-command.ts'
import { minerGroup } from '../../../cli/miner-command.ts'
import { coins, fields, listed, tableText } from '../../../cli/table.ts'

describe('command lines of groups', () => {
  test('options come back checked, by name', () => {
    const read = parseGroup(keysGroup, [
      ...['create', 'notebook', '--scopes', 'market', '--budget', '1.5', '--expires-in', '720h'],
      ...['--api', 'https://example.org', '--output', 'json', '--wallet', 'client:me', '--quiet'],
    ])
    expect(read).toMatchObject({
      ok: true,
      value: {
        command: 'create',
        about: 'notebook',
        wallet: 'client:me',
        output: 'json',
        quiet: true,
        given: { scopes: 'market', budget: 150_000_000n, expiresIn: 2_592_000 },
      },
    })
  })

  test('what is not given has its default, or is absent', () => {
    const read = parseGroup(adminGroup, ['held'])
    expect(read.ok && read.value.given).toEqual({ limit: 50 })
    const drained = parseGroup(adminGroup, ['deactivate-miner', 'm', '--reason', 'a look'])
    expect(drained.ok && drained.value.given).toEqual({ mode: 'drain', reason: 'a look' })
  })

  test.each([
    [['fund', 'k'], /--amount/],
    [['fund', 'k', '--amount', '0'], /--amount/],
    [['fund', 'k', '--amount', '1.123456789'], /--amount/],
    [['create'], /NAME/],
    [['rotate', 'k', '--grace', '8d'], /--grace/],
    [['usage', '--group-by', 'hour'], /group-by/],
    [['list', 'k'], /too many|expected 0/i],
    [['list', '--api', 'http://example.org'], /unencrypted/],
    [['list', '--wallet', '../../x'], /--wallet/],
    [['guess'], /create, list/],
    [[], /create, list/],
  ])('keys %j is refused', (argv, message) => {
    const read = parseGroup(keysGroup, argv)
    expect(read).toMatchObject({ ok: false, error: { code: 'USAGE' } })
    expect(read.ok ? '' : read.error.message).toMatch(message)
  })

  test('every command reads its own line, and refuses an option of another', () => {
    const groups: readonly Group<string>[] = [keysGroup, adminGroup, minerGroup]
    for (const group of groups) {
      for (const [name, row] of Object.entries(group.commands)) {
        const argument = 'argument' in row ? ['x'] : []
        const amount = name === 'fund' ? ['--amount', '1'] : []
        expect(parseGroup(group, [name, ...argument, ...amount])).toMatchObject({
          ok: true,
          value: { command: name, about: argument[0] },
        })
        expect(parseGroup(group, [name, ...argument, ...amount, '--nonsense']).ok).toBe(false)
      }
    }
  })
})

describe('tables', () => {
  test('columns are as wide as their widest cell, and nothing is said as such', () => {
    const { shown } = listed({ items: [{ a: 'long', b: null }] }, ['A', 'B'], ({ a, b }) => [a, b])
    expect(tableText(shown)).toBe('A     B\nlong  -')
    expect(tableText({ head: ['A'], rows: [] })).toBe('A\n(none)')
  })

  test('hidden characters are shown, and a line stays one line', () => {
    const { shown } = fields({ name: 'a\u202eb\nc', more: { x: 1 }, none: null })
    expect(tableText(shown)).toBe('FIELD  VALUE\nname   a⟨U+202E⟩b c\nmore   {"x":1}\nnone   -')
  })

  test('amounts are named in AITBC', () => {
    expect(fields({ amount: '150000000', count: '7' }, ['amount']).shown.rows).toEqual([
      ['amount', '1.5 AITBC'],
      ['count', '7'],
    ])
    expect([coins('1'), coins(null)]).toEqual(['0.00000001', null])
  })
})
