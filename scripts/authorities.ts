/** `npm run authorities`: who makes the blocks, and how that changes. Options: `--help`. */
import { readFileSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { createSiteClient } from '../cli/site-client.ts'
import { fromHex, toHex } from '../core/base/bytes.ts'
import type { Result } from '../core/base/result.ts'
import type { AuthoritySet } from '../core/chain/genesis.ts'
import { addressOf, formatAddress } from '../core/crypto/address.ts'
import { nobleVerifier, signerFromSeed } from '../core/crypto/ed25519.ts'
import type { Signer } from '../core/crypto/signature.ts'
import {
  type ChangeFile,
  changeTransaction,
  draftChange,
  readChange,
  signChange,
} from './setup/authority-change.ts'
import { ensureDevVars } from './setup/dev-vars.ts'
import { callerPath } from './setup/paths.ts'

const usage = `Usage: npm run authorities -- COMMAND [options]

  show                        the set in force
  draft --height N --out FILE writes a change: the set in force, less --remove NAME, plus
                              --add NAME=KEY (both repeatable; KEY is the first of
                              "npm run genesis -- --keys" on that site). N is the last height of the old set
  sign FILE                   adds this site's signature (AUTHORITY_KEY of the environment or .dev.vars)
  send FILE                   puts the change on the chain once a quorum has signed; this site's authority
                              pays the fee

  --api URL                   the site to ask (http://127.0.0.1:18000)
  --help                      show this`

/** Slots for which the transaction stays valid: ten minutes. */
const validSlots = 300

const { values, positionals } = readOptions()
const [command, file] = positionals
if (values.help || command === undefined) {
  console.log(usage)
  process.exit(values.help ? 0 : 2)
}
const site = createSiteClient(new URL(values.api), AbortSignal.timeout(60_000))

try {
  if (command === 'show') await show()
  else if (command === 'draft') await draft()
  else if (command === 'sign') sign()
  else if (command === 'send') await send()
  else fail(`unknown command ${command}\n\n${usage}`)
} catch (error) {
  fail(error instanceof Error ? error.message : String(error))
}

async function show(): Promise<void> {
  const { status } = await site.status()
  console.log(`${status.chainId}, height ${status.head.height}, final ${status.head.finalHeight}`)
  for (const { name, publicKey } of status.authorities) console.log(`${toHex(publicKey)}  ${name}`)
}

async function draft(): Promise<void> {
  const height = Number(values.height)
  if (!Number.isSafeInteger(height) || height < 1)
    fail('--height is the last height of the old set')
  if (values.out === undefined) fail('--out names the file to write')
  const { status } = await site.status()
  for (const name of values.remove) {
    if (!status.authorities.some((one) => one.name === name)) fail(`there is no authority ${name}`)
  }
  const kept = status.authorities.filter(({ name }) => !values.remove.includes(name))
  const set: AuthoritySet = [...kept, ...values.add.map(readAuthority)]
  write(
    values.out,
    must(draftChange({ ...status, authorities: [...status.authorities] }, { set, height })),
  )
  console.log(
    `${values.out}: have it signed by the authorities, then send it before height ${height}`,
  )
}

function sign(): void {
  const path = changePath()
  const signed = must(signChange(must(readChange(readFileSync(path, 'utf8'))), ownSigner()))
  write(path, signed)
  console.log(`${Object.keys(signed.signatures).length} of ${signed.old.length} have signed`)
}

async function send(): Promise<void> {
  const change = must(readChange(readFileSync(changePath(), 'utf8')))
  const payer = ownSigner()
  const { status } = await site.status()
  const address = addressOf(payer.publicKey)
  const { nextNonce } = await site.account(address)
  const bytes = must(
    changeTransaction(change, {
      genesisHash: status.genesisHash,
      authorities: [...status.authorities],
      parameters: status.parameters,
      verifier: nobleVerifier,
      payer,
      nonce: nextNonce,
      validUntil: BigInt(status.currentSlot + validSlots),
    }),
  )
  const verdict = await site.submit(bytes)
  if (!verdict.ok) {
    fail(
      `${verdict.error.code}: ${verdict.error.message} (the fee comes from ${formatAddress(address)})`,
    )
  }
  console.log(`sent as 0x${toHex(verdict.hash)}; the set changes after height ${change.height}`)
}

function ownSigner(): Signer {
  const text = process.env['AUTHORITY_KEY'] ?? ensureDevVars().vars['AUTHORITY_KEY'] ?? ''
  const seed = fromHex(text, 32)
  if (!seed.ok) fail('AUTHORITY_KEY is 64 hex digits')
  return signerFromSeed(seed.value)
}

function readAuthority(text: string): AuthoritySet[number] {
  const match = /^([^=]+)=(?:0x)?([0-9a-fA-F]{64})/.exec(text)
  const key = fromHex(match?.[2] ?? '', 32)
  if (!match?.[1] || !key.ok) fail(`--add wants NAME=KEY, not ${text}`)
  return { name: match[1], publicKey: key.value }
}

function changePath(): string {
  if (file === undefined) fail(`${command} wants the file of the change`)
  return resolve(callerPath, file)
}

function write(path: string, change: ChangeFile): void {
  writeFileSync(resolve(callerPath, path), `${JSON.stringify(change, undefined, 2)}\n`)
}

function must<T>(result: Result<T, { readonly message: string }>): T {
  return result.ok ? result.value : fail(result.error.message)
}

function readOptions() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        api: { type: 'string', default: 'http://127.0.0.1:18000' },
        add: { type: 'string', multiple: true, default: [] },
        remove: { type: 'string', multiple: true, default: [] },
        height: { type: 'string' },
        out: { type: 'string' },
        help: { type: 'boolean', default: false },
      },
    })
  } catch (error) {
    return fail(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`)
  }
}

function fail(message: string): never {
  console.error(message)
  process.exit(2)
}
