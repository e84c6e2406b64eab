import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import {
  openKey as openClientKey,
  openKeystoreFile,
  replaceKeystoreFile,
} from '../../../cli/key-store.ts'
import { listWallets } from '../../../cli/wallet-files.ts'
import { signerFromSeed } from '../../../core/crypto/ed25519.ts'
import { addAccount, importSeed } from '../../../core/wallet/keystore.ts'
import { openKey as openMinerKey } from '../../../miner-agent/key-store.ts'
import { oldKeyFile } from '../../support/old-key-file.ts'

type Ask = ((question: string) => Promise<string>) | undefined

const strong = 'quiet otter plays chess at noon'

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
    const made = await open({ AITBC_KEY_PASSWORD: strong })
    expect(made.made).toBe(true)
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(statSync(join(folder, 'keys')).mode & 0o777).toBe(0o700)
    expect(readdirSync(join(folder, 'keys'))).toEqual(['key.json'])
    const again = await open({ AITBC_KEY_PASSWORD: strong })
    expect(again.made).toBe(false)
    expect(again.signer.publicKey).toEqual(made.signer.publicKey)
    expect(again.signer.sign(Uint8Array.of(1))).toEqual(made.signer.sign(Uint8Array.of(1)))
  })

  test('PASSWORD-1: a weak password is refused when it is chosen, with advice', async () => {
    for (const weak of ['short', 'Password123!', 'aaaaaaaaaaaaaaaa']) {
      await expect(open({ AITBC_KEY_PASSWORD: weak })).rejects.toThrow(/too weak: /)
    }
    expect(existsSync(path)).toBe(false)
  })

  test('TEXT-2, PASSWORD-2: a file of before opens, weak password and all, and is rewritten', async () => {
    const seed = new Uint8Array(32).fill(6)
    mkdirSync(join(folder, 'keys'), { mode: 0o700 })
    const old = oldKeyFile({ seed, password: 'one' })
    writeFileSync(path, old, { mode: 0o600 })
    const { signer, made } = await open({ AITBC_KEY_PASSWORD: 'one' })
    expect(made).toBe(false)
    expect(signer.publicKey).toEqual(signerFromSeed(seed).publicKey)
    const written = readFileSync(path, 'utf8')
    expect(JSON.parse(written)).toMatchObject({ kind: 'aitbc-keystore', version: 1 })
    expect(readdirSync(join(folder, 'keys'))).toEqual(['key.json'])
    const again = await open({ AITBC_KEY_PASSWORD: 'one' })
    expect(again.signer.publicKey).toEqual(signer.publicKey)
    expect(readFileSync(path, 'utf8')).toBe(written)
  })

  test('TEXT-3: a copy that a kill left behind is tidied up by the next opening', async () => {
    const made = await open({ AITBC_KEY_PASSWORD: strong })
    writeFileSync(`${path}.old`, 'the old text')
    writeFileSync(`${path}.4711.new`, 'half of a ne')
    const again = await open({ AITBC_KEY_PASSWORD: strong })
    expect(again.signer.publicKey).toEqual(made.signer.publicKey)
    expect(existsSync(`${path}.old`)).toBe(false)
  })

  test('TEXT-4: an old file stays as it is under a wrong password', async () => {
    mkdirSync(join(folder, 'keys'))
    const old = oldKeyFile({ seed: new Uint8Array(32).fill(6), password: 'one' })
    writeFileSync(path, old)
    await expect(open({ AITBC_KEY_PASSWORD: 'two' })).rejects.toThrow(/does not open/)
    expect(readFileSync(path, 'utf8')).toBe(old)
    expect(readdirSync(join(folder, 'keys'))).toEqual(['key.json'])
  })

  test('TEXT-5: two programs that start at once use one key', async () => {
    const env = { AITBC_KEY_PASSWORD: strong }
    const opened = await Promise.all([open(env), open(env)])
    const kept = await open(env)
    for (const { signer } of opened) expect(signer.publicKey).toEqual(kept.signer.publicKey)
    expect(opened.filter(({ made }) => made)).toHaveLength(1)
    expect(readdirSync(join(folder, 'keys'))).toEqual(['key.json'])
  })

  test('TEXT-3: a link leads to the file that is rewritten', async () => {
    const target = join(folder, 'stick.json')
    writeFileSync(target, oldKeyFile({ seed: new Uint8Array(32).fill(6), password: 'one' }))
    mkdirSync(join(folder, 'keys'))
    symlinkSync(target, path)
    await open({ AITBC_KEY_PASSWORD: 'one' })
    expect(lstatSync(path).isSymbolicLink()).toBe(true)
    expect(JSON.parse(readFileSync(target, 'utf8'))).toMatchObject({ kind: 'aitbc-keystore' })
  })

  test('stays shut for another password, and stays as it is', async () => {
    await open({ AITBC_KEY_PASSWORD: strong })
    const before = readFileSync(path, 'utf8')
    await expect(open({ AITBC_KEY_PASSWORD: 'another one' })).rejects.toThrow(/does not open/)
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
    await open({}, answers(strong, strong))
    expect(questions).toHaveLength(2)
    await open({}, answers(strong))
    expect(questions).toHaveLength(3)
  })
})

test('TEXT-5: what another program added meanwhile is not written over', async () => {
  const options = { path, env: { AITBC_KEY_PASSWORD: strong }, ask: undefined }
  await openClientKey(options)
  const [one, two] = [await openKeystoreFile(options), await openKeystoreFile(options)]
  const grown = importSeed(one.keystore, { seed: new Uint8Array(32).fill(9) })
  if (!grown.ok) throw new Error('it takes a seed')
  replaceKeystoreFile(path, grown.value, one)
  const late = addAccount(two.keystore)
  if (!late.ok) throw new Error('it has words')
  expect(() => replaceKeystoreFile(path, late.value, two)).toThrow(/meanwhile.*call again/)
  expect((await openKeystoreFile(options)).keystore).toEqual(grown.value)
})

test('a file that cannot be read is listed, and hides no other', async () => {
  await openClientKey({
    path: join(folder, 'wallets', 'good.json'),
    env: { AITBC_KEY_PASSWORD: strong },
    ask: undefined,
  })
  mkdirSync(join(folder, 'wallets', 'bad.json'))
  expect(listWallets(folder).map(({ wallet, fault }) => [wallet, fault])).toEqual([
    ['bad', expect.stringContaining('EISDIR')],
    ['good', undefined],
  ])
})
