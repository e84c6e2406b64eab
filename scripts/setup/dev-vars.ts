/**
 * The secrets of a site. `.dev.vars` holds the local site's: the first start writes it, readable by
 * its owner alone; later starts add names that are missing and never change a value.
 */
import { randomBytes } from 'node:crypto'
import { chmodSync, existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { parseEnv } from 'node:util'
import { devVarsPath } from './paths.ts'

/** Every secret that a site needs, by name, with how a fresh value is made. */
export const secretMakers = {
  JWT_SECRET: () => base64url(32),
  SESSION_SECRET: () => base64url(32),
  WALLET_ENCRYPTION_KEY: () => base64url(32),
  AUTHORITY_KEY: () => seedHex(),
  COORDINATOR_KEY: () => seedHex(),
  CLIENT_API_KEYS: () => JSON.stringify([`aitbc_client_${base64url(24)}`]),
  MINER_API_KEYS: () => JSON.stringify([`aitbc_miner_${base64url(24)}`]),
  ADMIN_API_KEYS: () => JSON.stringify([`aitbc_admin_${base64url(24)}`]),
} as const satisfies Record<string, () => string>

/** Name of a secret that a site needs. */
export type SecretName = keyof typeof secretMakers

/** Names of the secrets that a site needs, in the order in which they are written. */
export const secretNames = Object.keys(secretMakers) as SecretName[]

/** Fresh random secrets, for a temporary site. */
export function freshSecrets(): Record<SecretName, string> {
  return Object.fromEntries(secretNames.map((name) => [name, secretMakers[name]()])) as Record<
    SecretName,
    string
  >
}

/**
 * Reads the secrets of the local site, after adding the missing ones to the file.
 *
 * @returns All variables in the file (the operator may have added others), and which were new.
 */
export function ensureDevVars(path: string = devVarsPath): {
  vars: Record<string, string>
  added: SecretName[]
} {
  const text = existsSync(path) ? readFileSync(path, 'utf8') : ''
  const present = readVars(text)
  const added = secretNames.filter((name) => present[name] === undefined)
  if (added.length === 0) {
    chmodSync(path, 0o600)
    return { vars: present, added }
  }
  const lines = added.map((name) => `${name}='${secretMakers[name]()}'`)
  const head = text === '' ? `${header}\n` : text.endsWith('\n') ? text : `${text}\n`
  // A temporary name and a rename: a start that is killed here leaves no half-written secrets.
  const temporary = `${path}.${process.pid}.new`
  const whole = `${head}${lines.join('\n')}\n`
  writeFileSync(temporary, whole, { mode: 0o600 })
  renameSync(temporary, path)
  return { vars: readVars(whole), added }
}

const header =
  '# Secrets of the local site. Written by the first start; never commit them.\n' +
  '# Names that are missing are added by the next start, values are never changed.\n'

function readVars(text: string): Record<string, string> {
  return parseEnv(text) as Record<string, string>
}

function base64url(bytes: number): string {
  return randomBytes(bytes).toString('base64url')
}

// An Ed25519 seed is any 32 random bytes.
function seedHex(): string {
  return randomBytes(32).toString('hex')
}
