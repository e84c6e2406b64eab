/**
 * The client's key pair on disk: `$AITBC_HOME/clients/ID.key.json`, made at the first use. Node's side of
 * core/wallet/keyfile.ts: files, randomness, the password and its prompt.
 */
import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'
import { bytesEqual } from '../core/base/bytes.ts'
import { signerFromSeed } from '../core/crypto/ed25519.ts'
import type { Signer } from '../core/crypto/signature.ts'
import { keyFileLimits, openKeyFile, sealKeyFile } from '../core/wallet/keyfile.ts'
import { ClientFault, exitCodes } from './exit-codes.ts'
import { writePrivateFile } from './home.ts'

/** Variable that holds the password where nobody can be asked. */
export const passwordVariable = 'AITBC_KEY_PASSWORD'

export type KeyStoreOptions = {
  readonly path: string
  readonly env: NodeJS.ProcessEnv
  /** Asks a person; undefined where there is no terminal. */
  readonly ask: ((question: string) => Promise<string>) | undefined
}

/** Opens the key pair, after making one when there is none. */
export async function openKey(
  options: KeyStoreOptions,
): Promise<{ readonly signer: Signer; readonly made: boolean }> {
  return existsSync(options.path) ? await readKey(options) : await makeKey(options)
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

async function readKey(options: KeyStoreOptions) {
  const password = await passwordOf(options, [`Password of ${options.path}: `])
  const opened = openKeyFile({ text: readFileSync(options.path, 'utf8'), password })
  if (!opened.ok) throw unavailable(`${options.path}: ${opened.error.message}`)
  const signer = signerFromSeed(opened.value.seed)
  if (!bytesEqual(signer.publicKey, opened.value.publicKey)) {
    throw unavailable(`${options.path}: the seed does not give the public key`)
  }
  return { signer, made: false }
}

async function makeKey(options: KeyStoreOptions) {
  const questions = [`New password for ${options.path}: `, 'The same password again: ']
  const password = await passwordOf(options, questions)
  const seed = new Uint8Array(randomBytes(32))
  const signer = signerFromSeed(seed)
  const sealed = sealKeyFile({
    seed,
    publicKey: signer.publicKey,
    password,
    salt: new Uint8Array(randomBytes(keyFileLimits.saltBytes)),
    nonce: new Uint8Array(randomBytes(keyFileLimits.nonceBytes)),
  })
  if (!sealed.ok) throw unavailable(sealed.error.message)
  writePrivateFile(options.path, sealed.value)
  return { signer, made: true }
}

async function passwordOf(options: KeyStoreOptions, questions: readonly string[]): Promise<string> {
  const given = options.env[passwordVariable] ?? ''
  if (given !== '') return given
  const { ask } = options
  if (ask === undefined) {
    const way = `set ${passwordVariable}, or start in a terminal`
    throw unavailable(`the key in ${options.path} needs a password: ${way}`)
  }
  const answers: string[] = []
  for (const question of questions) answers.push(await ask(question))
  const [first = ''] = answers
  if (first === '') throw unavailable('the password is empty')
  if (answers.some((answer) => answer !== first)) throw unavailable('the passwords differ')
  return first
}

function unavailable(message: string): ClientFault {
  return new ClientFault(exitCodes.auth, 'KEY_UNAVAILABLE', message)
}
