/** Where wallets lie under `$AITBC_HOME`, and what can be read of them without a password. */
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { addressOf, formatAddress } from '../core/crypto/address.ts'
import { publicKeysOf } from '../core/wallet/key-text.ts'
import { readKeyText } from './key-store.ts'

/** A wallet on the disk; `fault` says why its addresses cannot be read. */
export type WalletEntry = {
  readonly wallet: string
  readonly path: string
  readonly addresses: readonly string[]
  readonly fault: string | undefined
}

/** File of a wallet: `wallets/NAME.json`, or the key of a program for `client:ID` and `miner:ID`. */
export function walletPath(home: string, wallet: string): string {
  const [kind, id] = wallet.includes(':') ? wallet.split(':') : ['', wallet]
  if (kind === 'client') return join(home, 'clients', `${id}.key.json`)
  if (kind === 'miner') return join(home, 'miners', `${id}`, 'key.json')
  return join(home, 'wallets', `${id}.json`)
}

/** All wallets, in order of their names: those of the person first. */
export function listWallets(home: string): WalletEntry[] {
  const wallets = namesIn(join(home, 'wallets'), /^([A-Za-z0-9._-]{1,64})\.json$/)
  const clients = namesIn(join(home, 'clients'), /^([A-Za-z0-9._-]{1,64})\.key\.json$/)
  const miners = namesIn(join(home, 'miners'), /^([A-Za-z0-9._-]{1,64})$/)
  return [
    ...wallets,
    ...clients.map((id) => `client:${id}`),
    ...miners.map((id) => `miner:${id}`),
  ].flatMap((wallet) => {
    const path = walletPath(home, wallet)
    return existsSync(path) ? [readableEntry(wallet, path)] : []
  })
}

/** What is readable of one wallet. */
export function readEntry(wallet: string, path: string): WalletEntry {
  const keys = publicKeysOf(readKeyText(path))
  const addresses = keys.ok ? keys.value.map((key) => formatAddress(addressOf(key))) : []
  return { wallet, path, addresses, fault: keys.ok ? undefined : keys.error.message }
}

/** One that cannot be read is listed too, and hides no other. */
function readableEntry(wallet: string, path: string): WalletEntry {
  try {
    return readEntry(wallet, path)
  } catch (error) {
    const fault = error instanceof Error ? error.message : String(error)
    return { wallet, path, addresses: [], fault }
  }
}

function namesIn(folder: string, pattern: RegExp): string[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder)
    .flatMap((name) => pattern.exec(name)?.[1] ?? [])
    .toSorted()
}
