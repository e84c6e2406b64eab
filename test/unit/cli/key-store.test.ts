import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openKey as openClientKey } from '../../../cli/key-store.ts'
import { openKey as openMinerKey } from '../../../miner-agent/key-store.ts'

type Ask = ((question: string) => Promise<string>) | undefined

let folder: string
let path: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'keys-'))
  path = join(folder, 'keys', 'key.json')
})
afterEach(() => rmSync(folder, { recursive: true }))

const client = (env: NodeJS.ProcessEnv, ask?: Ask) => openClientKey({ path, env, ask })
const miner = async (env: NodeJS.ProcessEnv, ask?: Ask) => {
  const opened = await openMinerKey({ path, env, ask })
  if (!opened.ok) throw new Error(opened.error.message)
  return opened.value
}

describe.each([
  ['client', client],
  ['miner', miner],
])('key of the %s', (_name, open) => {
  test('is made once, for its owner alone, and opened with the same password', async () => {
    const made = await open({ AITBC_KEY_PASSWORD: 'one' })
    expect(made.made).toBe(true)
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(statSync(join(folder, 'keys')).mode & 0o777).toBe(0o700)
    expect(readdirSync(join(folder, 'keys'))).toEqual(['key.json'])
    const again = await open({ AITBC_KEY_PASSWORD: 'one' })
    expect(again.made).toBe(false)
    expect(again.signer.publicKey).toEqual(made.signer.publicKey)
    expect(again.signer.sign(Uint8Array.of(1))).toEqual(made.signer.sign(Uint8Array.of(1)))
  })

  test('stays shut for another password, and stays as it is', async () => {
    await open({ AITBC_KEY_PASSWORD: 'one' })
    const before = readFileSync(path, 'utf8')
    await expect(open({ AITBC_KEY_PASSWORD: 'two' })).rejects.toThrow(/does not open/)
    expect(readFileSync(path, 'utf8')).toBe(before)
  })

  test('without a password and without a terminal it says what to set', async () => {
    await expect(open({})).rejects.toThrow(/AITBC_KEY_PASSWORD/)
    await expect(open({ AITBC_KEY_PASSWORD: '' })).rejects.toThrow(/AITBC_KEY_PASSWORD/)
  })

  test('a person is asked twice for a new password and once for a known one', async () => {
    const questions: string[] = []
    const answers = (...given: string[]) => {
      const left = [...given]
      return async (question: string) => {
        questions.push(question)
        return left.shift() ?? ''
      }
    }
    await expect(open({}, answers('a', 'b'))).rejects.toThrow(/differ/)
    await expect(open({}, answers('', ''))).rejects.toThrow(/empty/)
    questions.length = 0
    await open({}, answers('a', 'a'))
    expect(questions).toHaveLength(2)
    await open({}, answers('a'))
    expect(questions).toHaveLength(3)
  })
})
