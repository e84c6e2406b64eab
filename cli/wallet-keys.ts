/** Commands about keys, none of which asks a site: create, import, list, add, export, backup, passwd. */
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { toHex } from '../core/base/bytes.ts'
import type { Result } from '../core/base/result.ts'
import { publicKeysOf } from '../core/wallet/key-text.ts'
import {
  addAccount,
  createKeystore,
  importSeed,
  type Keystore,
  type KeystoreAccount,
  wordsOf,
} from '../core/wallet/keystore.ts'
import { otherCurveWarning, readLegacyKeys } from '../core/wallet/legacy-keys.ts'
import { entropyOf } from '../core/wallet/mnemonic.ts'
import { ClientFault, exitCodes } from './exit-codes.ts'
import { createPrivateFile } from './home.ts'
import {
  askNewPassword,
  createKeystoreFile,
  freshEntropy,
  newPasswordVariable,
  openKeystoreFile,
  openText,
  passwordVariable,
  readKeyText,
  replaceKeystoreFile,
} from './key-store.ts'
import { listWallets, readEntry } from './wallet-files.ts'
import type { WalletAction } from './wallet-options.ts'
import { readGiven, type WalletRun } from './wallet-run.ts'

/** Makes a wallet with new words, which `export` shows. */
export async function createWallet(run: WalletRun, words: 12 | 24): Promise<void> {
  requireNew(run)
  const password = await askNewPassword(run)
  const keystore = createKeystore(freshEntropy(words))
  if (!createKeystoreFile(run.path, keystore, password)) throw thereAlready(run)
  run.say(`made ${run.path}; write its words down: client wallet --wallet ${run.wallet} export`)
  printAccounts(run, keystore)
}

/** Takes a secret into a new wallet, or a key into one that is there. */
export async function importWallet(
  run: WalletRun,
  action: Extract<WalletAction, { readonly kind: 'import' }>,
): Promise<void> {
  const incoming = await readIncoming(run, action)
  const isNew = !existsSync(run.path)
  if (isNew) {
    // What is imported may be under an older, weaker password than a new wallet may have.
    const isGiven = (run.env[newPasswordVariable] ?? '') !== ''
    const password = await askNewPassword(run, isGiven ? newPasswordVariable : passwordVariable)
    if (!createKeystoreFile(run.path, incoming, password)) throw thereAlready(run)
    run.say(`made ${run.path}`)
    printAccounts(run, incoming)
    return
  }
  if (incoming.entropy !== undefined) requireNew(run)
  const opened = await openKeystoreFile(run)
  let grown = opened.keystore
  for (const { seed, name } of incoming.accounts) {
    const names = grown.accounts.map((account) => account.name)
    const free = names.includes(name) ? `Imported ${grown.accounts.length + 1}` : name
    grown = mustKeep(importSeed(grown, { seed, name: free }))
  }
  replaceKeystoreFile(run.path, grown, opened)
  printAccounts(run, grown)
}

/** Every wallet with its addresses, without a password. */
export function listAll(run: WalletRun): void {
  const entries = listWallets(run.home)
  run.print(
    entries.map(({ wallet, addresses, fault }) => ({ wallet, addresses, fault: fault ?? null })),
    entries.flatMap(({ wallet, addresses, fault }) =>
      fault === undefined
        ? addresses.map((address) => `${wallet}\t${address}`)
        : [`${wallet}\t${fault}`],
    ),
  )
}

/** The addresses of one wallet, without its password. */
export function showAddresses(run: WalletRun): void {
  const addresses = addressesOf(run)
  run.print({ wallet: run.wallet, addresses }, addresses)
}

/** Addresses of the wallet; a fault where its file is none. */
export function addressesOf(run: WalletRun): readonly string[] {
  const { addresses, fault } = readEntry(run.wallet, run.path)
  if (fault === undefined) return addresses
  throw new ClientFault(exitCodes.generic, 'KEYSTORE_INVALID', `${run.path}: ${fault}`)
}

/** One more account from the words. */
export async function addToWallet(run: WalletRun, name: string | undefined): Promise<void> {
  const opened = await openKeystoreFile(run)
  const grown = mustKeep(addAccount(opened.keystore, name))
  replaceKeystoreFile(run.path, grown, opened)
  printAccounts(run, grown)
}

/** Prints the secret. */
export async function exportSecret(run: WalletRun, what: 'words' | 'seed'): Promise<void> {
  const { keystore } = await openKeystoreFile(run)
  run.say('whoever sees what follows owns the money: show it to nobody')
  const words = wordsOf(keystore)
  if (what === 'words' && words === undefined) {
    const message = 'this wallet has no words: export --seed gives the seed of one account'
    throw new ClientFault(exitCodes.usage, 'KEYSTORE_WITHOUT_WORDS', message)
  }
  if (what === 'words') return run.print({ words }, [words ?? ''])
  const { address, seed } = chosenAccount(run, keystore)
  run.print({ address, seed: toHex(seed) }, [toHex(seed)])
}

/** Copies the encrypted file, after looking that it is whole. */
export function backupWallet(run: WalletRun, to: string): void {
  const text = readKeyText(run.path)
  const keys = publicKeysOf(text)
  if (!keys.ok) {
    throw new ClientFault(exitCodes.generic, keys.error.code, `${run.path}: ${keys.error.message}`)
  }
  const path = resolve(run.env.AITBC_CWD ?? '.', to)
  if (!createPrivateFile(path, text)) {
    throw new ClientFault(exitCodes.conflict, 'FILE_EXISTS', `${path} is there already`)
  }
  run.print({ wallet: run.wallet, file: path }, [path])
}

/** Seals a wallet under another password. */
export async function changePassword(run: WalletRun): Promise<void> {
  const { keystore, text } = await openKeystoreFile(run)
  const password = await askNewPassword(run, newPasswordVariable)
  replaceKeystoreFile(run.path, keystore, { password, text })
  run.say('older copies of the file still open with the older password: delete them')
  run.print({ wallet: run.wallet, changed: true }, [])
}

/** The account that `--account` names, or the first. */
export function chosenAccount(run: WalletRun, { accounts }: Keystore): KeystoreAccount {
  const wanted = run.options.account
  const found =
    wanted === undefined
      ? accounts[0]
      : accounts.find(({ address, name }) => address === wanted || name === wanted)
  if (found !== undefined) return found
  const message = `${run.wallet} has no account ${wanted ?? ''}; client wallet address lists them`
  throw new ClientFault(exitCodes.notFound, 'ACCOUNT_UNKNOWN', message)
}

/** What is imported, as a keystore of its own. */
async function readIncoming(
  run: WalletRun,
  { from, takeSecret }: Extract<WalletAction, { readonly kind: 'import' }>,
): Promise<Keystore> {
  const text = from === undefined ? await run.readSecret('Words or key: ') : readGiven(run, from)
  const keys = publicKeysOf(text)
  if (keys.ok) {
    const path = from === undefined ? 'what is imported' : resolve(run.env.AITBC_CWD ?? '.', from)
    return (await openText({ ...run, path }, text)).keystore
  }
  // A keystore that is damaged is still no key of another kind.
  if (keys.error.code !== 'KEYSTORE_FOREIGN') throw refused(keys.error)
  const entropy = /^\s*(?:\p{L}+\s+)+\p{L}+\s*$/u.test(text) ? entropyOf(text) : undefined
  if (entropy?.ok === true) return createKeystore(entropy.value)
  if (entropy !== undefined) throw refused(entropy.error)
  const password = await legacyPassword(run, text)
  const legacy = readLegacyKeys({ text, password })
  if (!legacy.ok) throw refused(legacy.error)
  let keystore: Keystore = { entropy: undefined, accounts: [] }
  for (const { curve, seed, oldAddress } of legacy.value) {
    if (curve === 'secp256k1' && !takeSecret) {
      const which = oldAddress === undefined ? '' : ` (${oldAddress})`
      const message = `${otherCurveWarning.replace(/\.$/, '')}${which}: call with --take-secret`
      throw new ClientFault(exitCodes.usage, 'KEY_OF_OTHER_CURVE', message)
    }
    keystore = mustKeep(importSeed(keystore, { seed }))
  }
  return keystore
}

/** Asks for the password of an encrypted wallet of the original; undefined where none is needed. */
async function legacyPassword(run: WalletRun, text: string): Promise<string | undefined> {
  const tried = readLegacyKeys({ text, password: undefined })
  if (tried.ok || tried.error.code !== 'LEGACY_PASSWORD_NEEDED') return undefined
  const given = run.env['AITBC_LEGACY_PASSWORD'] ?? ''
  if (given !== '') return given
  return await run.ask?.('Password of the wallet of the original: ')
}

function requireNew(run: WalletRun): void {
  if (existsSync(run.path)) throw thereAlready(run)
}

function thereAlready({ path }: WalletRun): ClientFault {
  const message = `${path} is there already; --wallet names another`
  return new ClientFault(exitCodes.conflict, 'WALLET_EXISTS', message)
}

function printAccounts(run: WalletRun, { accounts }: Keystore): void {
  run.print(
    { wallet: run.wallet, accounts: accounts.map(({ name, address }) => ({ name, address })) },
    accounts.map(({ name, address }) => `${address}\t${name}`),
  )
}

function mustKeep<E extends { readonly code: string; readonly message: string }>(
  change: Result<Keystore, E>,
): Keystore {
  if (change.ok) return change.value
  throw refused(change.error)
}

function refused({ code, message }: { readonly code: string; readonly message: string }) {
  return new ClientFault(exitCodes.usage, code, message)
}
