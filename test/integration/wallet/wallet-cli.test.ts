/** `client wallet` as a person uses it: the program itself, on files and against a site. */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { fromHex, toHex } from '../../../core/base/bytes.ts'
import { parseGenesis } from '../../../core/chain/genesis.ts'
import { escrowIdOf, transactionHash } from '../../../core/chain/transaction.ts'
import { addressOf, formatAddress } from '../../../core/crypto/address.ts'
import { signerFromSeed } from '../../../core/crypto/ed25519.ts'
import { devnetRewards } from '../../../scripts/setup/genesis.ts'
import { settlementItem, sign } from '../../support/chain-world.ts'
import { oldKeyFile } from '../../support/old-key-file.ts'
import { startTestSite } from '../../support/site.ts'
import wallets from '../../vectors/wallet.json' with { type: 'json' }
import { startProgram, typescript } from '../program.ts'

const password = 'quiet otter plays chess at noon'
let home: string
beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), 'wallets-'))
})
afterAll(() => rmSync(home, { recursive: true }))

async function wallet(
  args: readonly string[],
  more: { readonly env?: Record<string, string>; readonly input?: string } = {},
) {
  const env = { AITBC_HOME: home, AITBC_KEY_PASSWORD: password, ...more.env }
  const argv = [...typescript('cli/client.ts'), 'wallet', '--output', 'json', ...args]
  const { input } = more
  const run = startProgram(argv, { env, ...(input !== undefined && { input }) })
  const code = await run.ended
  return { code, out: run.stdout(), said: run.stderr() }
}
async function answer(...call: Parameters<typeof wallet>): Promise<Record<string, unknown>> {
  const { code, out, said } = await wallet(...call)
  expect(code, said).toBe(0)
  return JSON.parse(out)
}

describe('files', () => {
  test('a wallet is made, grown, shown, backed up and given another password', async () => {
    const made = await answer(['create', '--words', '12'])
    expect(made).toMatchObject({ wallet: 'main', accounts: [{ name: 'Account 1' }] })
    const path = join(home, 'wallets', 'main.json')
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect((await wallet(['create'])).said).toContain('WALLET_EXISTS')

    const { words } = await answer(['export'])
    expect(String(words).split(' ')).toHaveLength(12)
    const grown = (await answer(['add', '--name', 'Rent'])) as { accounts: { address: string }[] }
    const addresses = grown.accounts.map(({ address }) => address)
    // Without the password.
    const shown = await answer(['address'], { env: { AITBC_KEY_PASSWORD: '' } })
    expect(shown).toEqual({ wallet: 'main', addresses })

    const copy = join(home, 'copy.json')
    await answer(['backup', copy])
    expect((await wallet(['backup', copy])).said).toContain('FILE_EXISTS')
    const other = 'three brown clouds over the harbour'
    await answer(['passwd'], { env: { AITBC_KEY_PASSWORD_NEW: other } })
    const refused = await wallet(['export'])
    expect([refused.code, refused.out]).toEqual([
      3,
      expect.stringContaining('"code":"PASSWORD_WRONG"'),
    ])
    expect(await answer(['export'], { env: { AITBC_KEY_PASSWORD: other } })).toEqual({ words })

    // The copy restores the same accounts under the password of its day; so do the words.
    expect(await answer(['--wallet', 'restored', 'import', '--from', copy])).toMatchObject({
      accounts: [{ address: addresses[0] }, { address: addresses[1], name: 'Rent' }],
    })
    expect(
      await answer(['--wallet', 'words', 'import'], { input: `${String(words).toUpperCase()}\n` }),
    ).toMatchObject({ accounts: [{ address: addresses[0] }] })
  })

  test('what page and extension write opens, and is refused when it was damaged', async () => {
    const [vector] = wallets.containers
    mkdirSync(join(home, 'wallets'), { recursive: true })
    const path = join(home, 'wallets', 'vector.json')
    writeFileSync(path, vector?.text ?? '')
    const env = { AITBC_KEY_PASSWORD: vector?.password ?? '' }
    expect(await answer(['--wallet', 'vector', 'export'], { env })).toEqual({
      words: vector?.words,
    })
    writeFileSync(path, (vector?.text ?? '').slice(0, 300))
    const cut = await wallet(['--wallet', 'vector', 'export'], { env })
    expect(cut.out).toContain('KEYSTORE_TRUNCATED')
    const balance = await wallet(['--wallet', 'vector', 'balance'])
    expect(balance.out).toContain('the keystore ends too soon')
    const taken = await wallet(['--wallet', 'taken', 'import', '--from', path])
    expect(taken.out).toContain('KEYSTORE_TRUNCATED')
    // From standard input as from a file.
    const piped = await answer(['--wallet', 'piped', 'import'], {
      env: { ...env, AITBC_KEY_PASSWORD_NEW: password },
      input: vector?.text ?? '',
    })
    expect(piped).toMatchObject({ wallet: 'piped' })
    const few = await wallet(['--wallet', 'few', 'import'], { input: 'abandon abandon' })
    expect(few.said).toContain('recovery words are 12 or 24 words; these are 2')
    expect(readFileSync(path, 'utf8')).toHaveLength(300)
  })

  test('weak passwords and keys of another curve are refused with what to do', async () => {
    const weak = await wallet(['--wallet', 'weak', 'create'], {
      env: { AITBC_KEY_PASSWORD: 'Password123!' },
    })
    expect([weak.code, weak.out]).toEqual([2, expect.stringContaining('PASSWORD_TOO_WEAK')])
    expect(existsSync(join(home, 'wallets', 'weak.json'))).toBe(false)
    const from = join(home, 'original.json')
    writeFileSync(from, JSON.stringify({ address: 'aitbc1old', private_key: '07'.repeat(32) }))
    const args = ['--wallet', 'original', 'import', '--from', from]
    expect((await wallet(args)).out).toContain('KEY_OF_OTHER_CURVE')
    expect(await answer([...args, '--take-secret'])).toMatchObject({ accounts: [{}] })
  })

  test('keys of programs are wallets too, and those of before are rewritten', async () => {
    const seed = new Uint8Array(32).fill(6)
    mkdirSync(join(home, 'miners', 'gpu-1'), { recursive: true })
    const path = join(home, 'miners', 'gpu-1', 'key.json')
    writeFileSync(path, oldKeyFile({ seed, password: 'of before' }))
    const { said, out } = await wallet(['list'])
    expect(said).toBe('')
    expect(JSON.parse(out)).toContainEqual(
      expect.objectContaining({ wallet: 'miner:gpu-1', addresses: [expect.any(String)] }),
    )
    const env = { AITBC_KEY_PASSWORD: 'of before' }
    const before = readFileSync(path, 'utf8')
    const grow = { env: { ...env, AITBC_KEY_PASSWORD_NEW: password } }
    await answer(['--wallet', 'taken', 'import', '--from', path], grow)
    expect(readFileSync(path, 'utf8')).toBe(before)
    const exported = await answer(['--wallet', 'miner:gpu-1', 'export', '--seed'], { env })
    expect(exported).toMatchObject({ seed: '06'.repeat(32) })
    expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({ kind: 'aitbc-keystore' })
    expect(readdirSync(join(home, 'miners', 'gpu-1'))).toEqual(['key.json'])
  })

  test('TEXT-3: a kill while a wallet is written leaves one that opens', async () => {
    const path = join(home, 'killed', 'wallet.json')
    const writer = `
      import { createKeystoreFile, readKeyText, replaceKeystoreFile } from './cli/key-store.ts'
      import { createKeystore } from './core/wallet/keystore.ts'
      const [path, password] = ${JSON.stringify([path, password])}
      createKeystoreFile(path, createKeystore(new Uint8Array(16)), password)
      for (let n = 0; ; n++) {
        const keystore = createKeystore(new Uint8Array(16).fill(n))
        replaceKeystoreFile(path, keystore, { password, text: readKeyText(path) })
        process.stdout.write('written ')
      }`
    const child = startProgram(['--import', 'tsx', '--input-type=module', '-e', writer])
    await child.until(/(?:written ){2}/)
    child.child.kill('SIGKILL')
    await child.ended
    expect(await answer(['--wallet', 'killed', 'import', '--from', path])).toMatchObject({
      accounts: [{ name: 'Account 1' }],
    })
  })
})

describe('coins and messages', () => {
  test('coins are given, seen, sent and proved; a message is signed and checked', async () => {
    await using site = await startTestSite({ parameters: { market: devnetRewards } })
    const api = ['--api', site.url]
    await answer(['--wallet', 'payer', 'create'])
    const made = await answer(['--wallet', 'payer', 'add', '--name', 'Savings'])
    const [first, second] = made['accounts'] as { readonly address: string }[]
    const [address, to] = [first?.address ?? '', second?.address ?? '']
    const gift = await fetch(`${site.url}/rpc/admin/mintFaucet`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ address, amount: '300000000' }),
    })
    expect(gift.status).toBe(200)
    // Final after a block or two; the test's own time limit ends the asking.
    while (!(await wallet(['--wallet', 'payer', ...api, 'balance'])).out.includes('300000000')) {}
    const call = ['--wallet', 'payer', ...api]
    const unasked = await wallet([...call, 'send', to, '1.5'])
    expect([unasked.code, unasked.out]).toEqual([2, expect.stringContaining('CONFIRMATION_NEEDED')])
    const sent = await wallet([...call, 'send', to, '1.5', '--yes'])
    expect(sent.code, sent.said).toBe(0)
    expect(JSON.parse(sent.out)).toMatchObject({
      ok: true,
      to,
      amount: '150000000',
      proof_verified: true,
    })
    expect(sent.said).toContain('Send 1.5 AITBC to payer')
    expect(sent.said).toMatch(/Fee: [\d.]+ AITBC/)
    const balances = JSON.parse((await wallet([...call, 'balance'])).out)
    expect(balances).toContainEqual(expect.objectContaining({ address: to, balance: '150000000' }))
    const tooMuch = await wallet([...call, 'send', to, '100', '--yes'])
    expect([tooMuch.code, tooMuch.out]).toEqual([5, expect.stringContaining('BALANCE_TOO_LOW')])

    const signed = await answer([...call, 'sign', 'I own this address'])
    expect(signed).toMatchObject({ address, origin: 'cli', text: 'I own this address' })
    const verified = await answer(['verify'], { input: JSON.stringify(signed) })
    expect(verified).toMatchObject({ ok: true, address, text: 'I own this address' })
    const forged = JSON.stringify({ ...signed, text: 'I own that address' })
    expect((await wallet(['verify'], { input: forged })).out).toContain('NOT_VERIFIED')
    expect((await wallet(['verify', join(home, 'none')])).out).toContain('FILE_UNREADABLE')

    // The same account as a miner: its stake, and the reward of a job that it paid itself for.
    const bonded = await answer([...call, 'bond', '0.25', '--yes'])
    expect(bonded).toMatchObject({ ok: true, amount: '25000000', proof_verified: true })
    expect(await answer([...call, 'unbond', '--yes'])).toMatchObject({ ok: true, paid: false })
    const again = await wallet([...call, 'unbond', '--yes'])
    expect([again.code, again.out]).toEqual([5, expect.stringContaining('NOTICE_RUNNING')])
    expect(await answer([...call, 'claim', '--yes'])).toEqual({ ok: true, claims: 0, amount: '0' })
    const { seed } = await answer([...call, 'export', '--seed'])
    await settleWithOneself(site.url, String(seed))
    const claimed = await until(
      () => answer([...call, 'claim', '--yes']),
      ({ claims }) => claims === 1,
    )
    // Of 1 000 000 a fiftieth was burned, and half of that comes back.
    expect(claimed).toMatchObject({ ok: true, amount: '10000', proof_verified: true })
    expect(await answer([...call, 'claim', '--yes'])).toMatchObject({ claims: 0 })
  })
})

/** Opens an escrow for one's own coordinator key, and settles a job of 1 000 000 with oneself as the miner. */
async function settleWithOneself(url: string, seed: string): Promise<void> {
  const read = fromHex(seed, 32)
  if (!read.ok) throw new Error('a seed is exported')
  const signer = signerFromSeed(read.value)
  const by = { ...signer, address: addressOf(signer.publicKey) }
  const status = await rpc(url, 'status')
  const parsed = parseGenesis(status['genesis'])
  if (!parsed.ok) throw new Error(parsed.error.message)
  const of = parsed.value
  const slot = BigInt(Number(status['slot']))
  const { next_nonce: next } = await rpc(url, `getBalance/${formatAddress(by.address)}`)
  const nonce = BigInt(Number(next))
  const validUntil = slot + 200n
  const data = { coordinator: by.publicKey, amount: 5_000_000n, expiry: slot + 5_000n }
  const open = sign({ by, nonce, validUntil, of, message: { TAG: 'escrow_open', data } })
  const item = settlementItem({
    authorisation: { escrow: escrowIdOf(transactionHash(open)), settleBy: slot + 300n },
    release: { miner: by.address },
    payer: by,
    releaser: by,
    of,
  })
  const settle = sign({
    by,
    nonce: nonce + 1n,
    validUntil,
    of,
    message: { TAG: 'settle', data: { items: [item] } },
  })
  for (const bytes of [open, settle]) {
    const sent = () => rpc(url, 'transactions', { tx: toHex(bytes) })
    await until(sent, (verdict) => verdict['ok'] === true || verdict['tx_hash'] !== undefined)
    const hash = toHex(transactionHash(bytes))
    await until(
      () => rpc(url, `tx/${hash}`),
      (view) => view['status'] === 'final' && view['outcome'] === 'applied',
    )
  }
}

async function rpc(url: string, path: string, body?: unknown): Promise<Record<string, unknown>> {
  const response = await fetch(`${url}/rpc/${path}`, {
    ...(body !== undefined && {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    }),
  })
  return (await response.json()) as Record<string, unknown>
}

/** Asks until the answer is as wanted; the test's own time limit ends it. */
async function until<T>(ask: () => Promise<T>, wanted: (answer: T) => boolean): Promise<T> {
  for (;;) {
    const answer = await ask()
    if (wanted(answer)) return answer
  }
}
