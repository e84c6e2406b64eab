/**
 * The agent's key pair on disk: a keystore in `$AITBC_HOME/miners/ID/key.json`, made at the first start.
 * Node's side of core/wallet/key-text.ts; a file of before is rewritten once it has been opened.
 */
import { pbkdf2Sync, randomBytes } from 'node:crypto'
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'
import { err, ok, type Result } from '../core/base/result.ts'
import type { Signer } from '../core/crypto/signature.ts'
import { type KeyTextHost, openKeyText, sealKeyText } from '../core/wallet/key-text.ts'
import { createKeystore, type Keystore, signerOf } from '../core/wallet/keystore.ts'
import { entropyBytes } from '../core/wallet/mnemonic.ts'
import { checkNewPassword } from '../core/wallet/password.ts'
import { createPrivateFile, writePrivateFile } from './home.ts'
import { estimatePassword } from './password-strength.ts'

/** Variable that holds the password where nobody can be asked. */
export const passwordVariable = 'AITBC_KEY_PASSWORD'

export type KeyStoreError = { readonly code: 'KEY_UNAVAILABLE'; readonly message: string }

export type KeyStoreOptions = {
  readonly path: string
  readonly env: NodeJS.ProcessEnv
  /** Asks a person; undefined where there is no terminal. */
  readonly ask: ((question: string) => Promise<string>) | undefined
}

export type OpenedKey = { readonly signer: Signer; readonly made: boolean }

/** Opens the key pair, after making one when there is none. */
export async function openKey(options: KeyStoreOptions): Promise<Result<OpenedKey, KeyStoreError>> {
  const fresh = existsSync(options.path) ? ok(undefined) : await makeKeystore(options)
  if (!fresh.ok) return fresh
  const made = fresh.value !== undefined
  const keystore = fresh.value ? ok(fresh.value) : await readKeystore(options)
  if (!keystore.ok) return keystore
  const [account] = keystore.value.accounts
  return account === undefined
    ? unavailable(`${options.path}: the keystore has no account`)
    : ok({ signer: signerOf(account), made })
}

/** A prompt that shows nothing of what is typed; undefined without a terminal. */
export function terminalPrompt(): KeyStoreOptions['ask'] {
  if (!process.stdin.isTTY || !process.stderr.isTTY) return undefined
  return async (question) => {
    process.stderr.write(question)
    const mute = new Writable({ write: (_chunk, _encoding, done) => done() })
    const lines = createInterface({ input: process.stdin, output: mute, terminal: true })
    try {
      return await lines.question('')
    } finally {
      lines.close()
      process.stderr.write('\n')
    }
  }
}

async function readKeystore(options: KeyStoreOptions): Promise<Result<Keystore, KeyStoreError>> {
  const { path } = options
  const password = await passwordOf(options, [`Password of ${path}: `])
  if (!password.ok) return password
  const text = readFileSync(path, 'utf8')
  const opened = openKeyText({ text, password: password.value }, host())
  if (!opened.ok) return unavailable(`${path}: ${opened.error.message}`)
  const { keystore, rewritten } = opened.value
  const oldCopy = `${path}.old`
  if (rewritten !== undefined) {
    writePrivateFile(oldCopy, text)
    // Opening took its time: what another program wrote meanwhile may hold more.
    if (readFileSync(path, 'utf8') === text) writePrivateFile(path, rewritten)
  }
  rmSync(oldCopy, { force: true })
  return ok(keystore)
}

/** A new keystore; undefined where another program has made one meanwhile, which is the one to use. */
async function makeKeystore(
  options: KeyStoreOptions,
): Promise<Result<Keystore | undefined, KeyStoreError>> {
  const { path } = options
  const password = await passwordOf(options, [
    `New password for ${path}: `,
    'The same password again: ',
  ])
  if (!password.ok) return password
  const estimate = await estimatePassword(password.value, ['aitbc', path])
  const strong = checkNewPassword(password.value, estimate)
  if (!strong.ok) return unavailable(`${strong.error.message} (${strong.error.code})`)
  const keystore = createKeystore(host().random(entropyBytes.words24))
  const sealed = sealKeyText(keystore, password.value, host())
  if (!sealed.ok) return unavailable(sealed.error.message)
  return ok(createPrivateFile(path, sealed.value) ? keystore : undefined)
}

/** Node's own PBKDF2: the same key as everywhere, sooner. */
const host = (): KeyTextHost => ({
  derive: (password, { salt, iterations }) =>
    new Uint8Array(pbkdf2Sync(password, salt, iterations, 32, 'sha256')),
  random: (bytes) => new Uint8Array(randomBytes(bytes)),
  nowSeconds: Math.floor(Date.now() / 1_000),
})

async function passwordOf(
  options: KeyStoreOptions,
  questions: readonly string[],
): Promise<Result<string, KeyStoreError>> {
  const given = options.env[passwordVariable] ?? ''
  if (given !== '') return ok(given)
  const { ask } = options
  if (ask === undefined) {
    return unavailable(
      `the key in ${options.path} needs a password: set ${passwordVariable}, or start in a terminal`,
    )
  }
  const answers: string[] = []
  for (const question of questions) answers.push(await ask(question))
  const [first = ''] = answers
  if (first === '') return unavailable('the password is empty')
  if (answers.some((answer) => answer !== first)) return unavailable('the passwords differ')
  return ok(first)
}

function unavailable(message: string): Result<never, KeyStoreError> {
  return err({ code: 'KEY_UNAVAILABLE', message })
}
