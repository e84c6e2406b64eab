import { expect, test } from 'vitest'
import { parseWalletOptions } from '../../../cli/wallet-options.ts'

const to = 'aitbc10sl56wmunezpg8esvntj89t0gzhyxcf87n73d2'
const faultOf = (...argv: string[]): string => {
  const options = parseWalletOptions(argv)
  return options.ok ? 'ok' : options.error.message
}
const read = (...argv: string[]) => {
  const options = parseWalletOptions(argv)
  if (!options.ok) throw new Error(options.error.message)
  return options.value
}

test('a command is read with its options, wherever the common ones stand', () => {
  expect(read('send', to, '1.5', '--fee', '0.01', '--yes', '--wallet', 'rent')).toMatchObject({
    wallet: 'rent',
    action: { kind: 'send', amount: 150_000_000n, fee: 1_000_000n, yes: true },
  })
  expect(read('--wallet', 'miner:gpu-1', 'export', '--seed')).toMatchObject({
    wallet: 'miner:gpu-1',
    action: { kind: 'export', what: 'seed' },
  })
  expect(read('create').action).toEqual({ kind: 'create', words: 24 })
  expect(read('sign', 'some text').action).toEqual({ kind: 'sign', text: 'some text' })
  expect(read('list')).toMatchObject({ wallet: 'main', output: 'text', account: undefined })
})

test('a stake and rewards are commands of a key', () => {
  expect(read('bond', '2', '--wallet', 'miner:gpu-1', '--yes')).toMatchObject({
    wallet: 'miner:gpu-1',
    action: { kind: 'bond', amount: 200_000_000n, fee: undefined, yes: true },
  })
  expect(read('unbond', '--fee', '0.01').action).toEqual({
    kind: 'unbond',
    fee: 1_000_000n,
    yes: false,
  })
  expect(read('claim', '--yes').action).toEqual({ kind: 'claim', fee: undefined, yes: true })
  expect(faultOf('bond', '0')).toContain('AITBC: must be above 0')
  expect(faultOf('claim', '--fee', 'x')).toContain('--fee')
})

test('every fault is named', () => {
  expect(faultOf()).toMatch(/^name a command: create, import, /)
  expect(faultOf('steal')).toMatch(/^unknown command 'steal'; name a command: create, import, /)
  expect(faultOf('create', '--words', '13')).toContain('12, 24')
  expect(faultOf('send', 'aitbc1x', '0')).toMatch(/ADDRESS: .*; AITBC: must be above 0/)
  expect(faultOf('send', to, '1', '--fee', 'x')).toContain('--fee')
  expect(faultOf('send', to)).toContain('AITBC')
  for (const name of ['../etc', 'a/b', '..', 'miner:..', '', 'site:x', 'x'.repeat(65)]) {
    expect(faultOf('list', '--wallet', name), name).toContain('--wallet must be a name')
  }
  expect(faultOf('balance', '--api', 'http://edge.example.org')).toContain('--insecure')
})
