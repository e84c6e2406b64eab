/**
 * The agent's key pair on disk: `$AITBC_HOME/miners/ID/key.json`, made at the first start. Node's side of
 * core/wallet/keyfile.ts: files, randomness, the password and its prompt.
 */
import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'
import { bytesEqual } from '../core/base/bytes.ts'
import { err, ok, type Result } from '../core/base/result.ts'
import { signerFromSeed } from '../core/crypto/ed25519.ts'
import type { Signer } from '../core/crypto/signature.ts'
import { keyFileLimits, openKeyFile, sealKeyFile } from '../core/wallet/keyfile.ts'
import { writePrivateFile } from './home.ts'

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

async function readKey(options: KeyStoreOptions): Promise<Result<OpenedKey, KeyStoreError>> {
  const password = await passwordOf(options, [`Password of ${options.path}: `])
  if (!password.ok) return password
  const opened = openKeyFile({
    text: readFileSync(options.path, 'utf8'),
    password: password.value,
  })
  if (!opened.ok) return unavailable(`${options.path}: ${opened.error.message}`)
  const signer = signerFromSeed(opened.value.seed)
  if (!bytesEqual(signer.publicKey, opened.value.publicKey)) {
    return unavailable(`${options.path}: the seed does not give the public key`)
  }
  return ok({ signer, made: false })
}

async function makeKey(options: KeyStoreOptions): Promise<Result<OpenedKey, KeyStoreError>> {
  const password = await passwordOf(options, [
    `New password for ${options.path}: `,
    'The same password again: ',
  ])
  if (!password.ok) return password
  const seed = new Uint8Array(randomBytes(32))
  const signer = signerFromSeed(seed)
  const sealed = sealKeyFile({
    seed,
    publicKey: signer.publicKey,
    password: password.value,
    salt: new Uint8Array(randomBytes(keyFileLimits.saltBytes)),
    nonce: new Uint8Array(randomBytes(keyFileLimits.nonceBytes)),
  })
  if (!sealed.ok) return unavailable(sealed.error.message)
  writePrivateFile(options.path, sealed.value)
  return ok({ signer, made: true })
}

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
