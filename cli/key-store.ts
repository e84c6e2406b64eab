/**
 * Keys on the client's disk: keystores in files of mode 0600, the password and its prompt. Node's side of
 * core/wallet/key-text.ts; files of before are rewritten once they have been opened.
 */
import { pbkdf2Sync, randomBytes } from 'node:crypto'
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'
import type { Signer } from '../core/crypto/signature.ts'
import {
  type KeyTextHost,
  type OpenedKeyText,
  openKeyText,
  sealKeyText,
} from '../core/wallet/key-text.ts'
import { createKeystore, type Keystore, signerOf } from '../core/wallet/keystore.ts'
import { entropyBytes } from '../core/wallet/mnemonic.ts'
import { checkNewPassword } from '../core/wallet/password.ts'
import { ClientFault, exitCodes } from './exit-codes.ts'
import { createPrivateFile, writePrivateFile } from './home.ts'
import { estimatePassword } from './password-strength.ts'

/** Variables that hold the password, and the one to change to, where nobody can be asked. */
export const passwordVariable = 'AITBC_KEY_PASSWORD'
export const newPasswordVariable = 'AITBC_KEY_PASSWORD_NEW'

export type KeyStoreOptions = {
  readonly path: string
  readonly env: NodeJS.ProcessEnv
  /** Asks a person; undefined where there is no terminal. */
  readonly ask: ((question: string) => Promise<string>) | undefined
}

/** Opens the key pair of a program, after making a keystore when there is none. */
export async function openKey(
  options: KeyStoreOptions,
): Promise<{ readonly signer: Signer; readonly made: boolean }> {
  const fresh = existsSync(options.path) ? undefined : await makeKeystore(options)
  const made = fresh !== undefined
  const keystore = fresh ?? (await openKeystoreFile(options)).keystore
  const [account] = keystore.accounts
  if (account === undefined) throw unavailable(`${options.path}: the keystore has no account`)
  return { signer: signerOf(account), made }
}

/** Opens a file; one of the old form is rewritten, with a copy beside it until the new is on the disk. */
export async function openKeystoreFile(options: KeyStoreOptions): Promise<OpenedFile> {
  const { path } = options
  const text = readKeyText(path)
  const { password, keystore, rewritten } = await openText(options, text)
  if (rewritten !== undefined) {
    writePrivateFile(oldCopy(path), text)
    replaceText(path, rewritten, text)
  }
  rmSync(oldCopy(path), { force: true })
  return { keystore, password, text: rewritten ?? text }
}

/** A file that was opened: `text` is what it holds now. */
export type OpenedFile = {
  readonly keystore: Keystore
  readonly password: string
  readonly text: string
}

/** Opens text of whichever form with the password of `path`, and writes nothing. */
export async function openText(
  options: KeyStoreOptions,
  text: string,
): Promise<OpenedKeyText & { readonly password: string }> {
  const password = await askPassword(options)
  const opened = openKeyText({ text, password }, host())
  if (!opened.ok) throw refused(options.path, opened.error)
  return { ...opened.value, password }
}

/** Seals a keystore into a new file; false where there is one already. */
export function createKeystoreFile(path: string, keystore: Keystore, password: string): boolean {
  return createPrivateFile(path, sealedText(path, keystore, password))
}

/** Seals a keystore into the file that held `instead`, unless another program has changed it since. */
export function replaceKeystoreFile(
  path: string,
  keystore: Keystore,
  { password, text: instead }: Omit<OpenedFile, 'keystore'>,
): void {
  replaceText(path, sealedText(path, keystore, password), instead)
}

function sealedText(path: string, keystore: Keystore, password: string): string {
  const sealed = sealKeyText(keystore, password, host())
  if (sealed.ok) return sealed.value
  throw refused(path, sealed.error)
}

/** Deriving the key takes its time: what another program wrote meanwhile may hold a key of its own. */
function replaceText(path: string, text: string, instead: string): void {
  if (readKeyText(path) !== instead) {
    const message = `${path}: another program changed it meanwhile; nothing was written, call again`
    throw new ClientFault(exitCodes.conflict, 'WALLET_CHANGED', message)
  }
  writePrivateFile(path, text)
}

/** Text of a key file. */
export function readKeyText(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    const isMissing = code === 'ENOENT'
    const reason = isMissing ? 'there is no such wallet (client wallet list names them)' : message
    throw new ClientFault(exitCodes.notFound, 'KEY_FILE_UNREADABLE', `${path}: ${reason}`)
  }
}

/** Fresh entropy of 24 words, or 12. */
export const freshEntropy = (words: 12 | 24): Uint8Array =>
  host().random(words === 24 ? entropyBytes.words24 : entropyBytes.words12)

/** The password of what is there already, however weak. */
async function askPassword({ path, env, ask }: KeyStoreOptions): Promise<string> {
  const given = env[passwordVariable] ?? ''
  if (given !== '') return given
  if (ask === undefined) throw nobodyToAsk(path)
  const answer = await ask(`Password of ${path}: `)
  if (answer === '') throw unavailable('the password is empty')
  return answer
}

/** A password that is being chosen; refused when it is weak. */
export async function askNewPassword(
  { path, env, ask }: KeyStoreOptions,
  variable: string = passwordVariable,
): Promise<string> {
  const given = env[variable] ?? ''
  if (given === '' && ask === undefined) throw nobodyToAsk(path, variable)
  const password = given !== '' ? given : await askTwice(path, ask)
  const checked = checkNewPassword(password, await estimatePassword(password, ['aitbc', path]))
  if (checked.ok) return password
  throw new ClientFault(exitCodes.usage, checked.error.code, checked.error.message)
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

/** A new keystore; undefined where another program has made one meanwhile, which is the one to use. */
async function makeKeystore(options: KeyStoreOptions): Promise<Keystore | undefined> {
  const password = await askNewPassword(options)
  const keystore = createKeystore(freshEntropy(24))
  return createKeystoreFile(options.path, keystore, password) ? keystore : undefined
}

async function askTwice(path: string, ask: KeyStoreOptions['ask']): Promise<string> {
  const first = (await ask?.(`New password for ${path}: `)) ?? ''
  const again = (await ask?.('The same password again: ')) ?? ''
  if (first === '') throw unavailable('the password is empty')
  if (first !== again) throw unavailable('the passwords differ')
  return first
}

/** Node's own PBKDF2: the same key as everywhere, sooner. */
const host = (): KeyTextHost => ({
  derive: (password, { salt, iterations }) =>
    new Uint8Array(pbkdf2Sync(password, salt, iterations, 32, 'sha256')),
  random: (bytes) => new Uint8Array(randomBytes(bytes)),
  nowSeconds: Math.floor(Date.now() / 1_000),
})

const oldCopy = (path: string): string => `${path}.old`

function refused(
  path: string,
  { code, message }: { readonly code: string; readonly message: string },
): ClientFault {
  return new ClientFault(exitCodes.auth, code, `${path}: ${message}`)
}

function nobodyToAsk(path: string, variable: string = passwordVariable): ClientFault {
  const way = `set ${variable}, or start in a terminal`
  return unavailable(`the key in ${path} needs a password: ${way}`)
}

function unavailable(message: string): ClientFault {
  return new ClientFault(exitCodes.auth, 'KEY_UNAVAILABLE', message)
}
