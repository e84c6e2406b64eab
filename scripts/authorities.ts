/** `npm run authorities`: who makes the blocks, and how that changes. Options: `--help`. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { createSiteClient } from '../cli/site-client.ts'
import { fromHex, toHex } from '../core/base/bytes.ts'
import { quorumOf } from '../core/base/int.ts'
import type { Result } from '../core/base/result.ts'
import type { AuthoritySet } from '../core/chain/genesis.ts'
import { outcomeCodes } from '../core/chain/outcome.ts'
import { decodeTransaction } from '../core/chain/transaction.ts'
import { addressOf, formatAddress } from '../core/crypto/address.ts'
import { nobleVerifier } from '../core/crypto/ed25519.ts'
import type { Signer } from '../core/crypto/signature.ts'
import {
  type ChangeFile,
  changeTransaction,
  describeChange,
  draftChange,
  readChange,
  signChange,
} from './setup/authority-change.ts'
import { ownKey } from './setup/own-key.ts'
import { callerPath } from './setup/paths.ts'

const usage = `Usage: npm run authorities -- COMMAND [options]

  show                        the set in force, and until when
  draft --height N --out FILE writes a change: the set in force, less --remove NAME, plus
                              --add NAME=KEY (both repeatable; KEY is the first of
                              "npm run genesis -- --keys" on that site). N is the last height of the
                              old set; +N counts from the head
  sign FILE                   shows the change and adds this site's signature
  send FILE                   puts the change on the chain once a quorum has signed, and waits until it is
                              final. The fee comes from this site's authority or, where that has too
                              little, its coordinator

  --api URL                   the site to ask (http://127.0.0.1:18000)
  --help                      show this

This site's AUTHORITY_KEY and COORDINATOR_KEY come from the environment, else from .dev.vars.`

/** Slots for which the transaction stays valid: ten minutes. */
const validSlots = 300
const finalityPatienceMs = 120_000

const { values, positionals } = readOptions()
const [command, file] = positionals
if (values.help || command === undefined) {
  console.log(usage)
  process.exit(values.help ? 0 : 2)
}
const site = createSiteClient(apiUrl(), AbortSignal.timeout(finalityPatienceMs + 60_000))

try {
  if (command === 'show') await show()
  else if (command === 'draft') await draft()
  else if (command === 'sign') sign()
  else if (command === 'send') await send()
  else misused(`unknown command ${command}\n\n${usage}`)
} catch (error) {
  fail(error instanceof Error ? error.message : String(error))
}

async function show(): Promise<void> {
  const { status } = await site.status()
  const { head, authorities, authoritiesUntil } = status
  console.log(`${status.chainId}, height ${head.height}, final ${head.finalHeight}`)
  for (const { name, publicKey } of authorities) console.log(`${toHex(publicKey)}  ${name}`)
  console.log(`${quorumOf(authorities.length)} of ${authorities.length} are a quorum`)
  if (authoritiesUntil !== undefined) {
    console.log(`a change is on the chain: this set ends with height ${authoritiesUntil}`)
  }
}

async function draft(): Promise<void> {
  if (values.out === undefined) misused('--out names the file to write')
  const { status } = await site.status()
  const height = readHeight(status.head.height)
  for (const name of values.remove) {
    if (!status.authorities.some((one) => one.name === name)) fail(`there is no authority ${name}`)
  }
  const kept = status.authorities.filter(({ name }) => !values.remove.includes(name))
  const set: AuthoritySet = [...kept, ...values.add.map(readAuthority)]
  const change = must(
    draftChange({ ...status, authorities: [...status.authorities] }, { set, height }),
  )
  write(values.out, change)
  for (const line of describeChange(change)) console.log(line)
  const need = quorumOf(change.old.length)
  console.log(
    `${values.out}: have it signed by ${need} of ${change.old.length}, then send it before height ${height}`,
  )
}

function sign(): void {
  const path = changePath()
  const signed = must(signChange(must(readChange(readText(path))), must(ownKey('AUTHORITY_KEY'))))
  write(path, signed)
  for (const line of describeChange(signed)) console.log(line)
  const count = Object.keys(signed.signatures).length
  const need = quorumOf(signed.old.length)
  const next = count < need ? `${need} are needed` : 'it can be sent'
  console.log(`${count} of ${signed.old.length} have signed: ${next}`)
}

async function send(): Promise<void> {
  const change = must(readChange(readText(changePath())))
  const { status } = await site.status()
  if (status.head.height >= change.height) {
    fail(`height ${change.height} is past (the head is at ${status.head.height}): draft it again`)
  }
  const made = async (payer: Signer) => {
    const account = await site.account(addressOf(payer.publicKey))
    const bytes = must(
      changeTransaction(change, {
        genesisHash: status.genesisHash,
        authorities: [...status.authorities],
        parameters: status.parameters,
        verifier: nobleVerifier,
        payer,
        nonce: account.nextNonce,
        validUntil: BigInt(status.currentSlot + validSlots),
      }),
    )
    const { fee } = must(decodeTransaction(bytes)).body
    return { bytes, fee, canPay: account.balance >= fee }
  }
  const authority = must(ownKey('AUTHORITY_KEY'))
  let payer = authority
  let transaction = await made(payer)
  if (!transaction.canPay) {
    payer = must(ownKey('COORDINATOR_KEY'))
    transaction = await made(payer)
  }
  const { bytes, fee, canPay } = transaction
  if (!canPay) {
    const [first, second] = [authority, payer].map((key) => formatAddress(addressOf(key.publicKey)))
    fail(`neither ${first} nor ${second} has the ${fee} base units of the fee`)
  }
  const verdict = await site.submit(bytes)
  if (!verdict.ok) fail(`${verdict.error.code}: ${verdict.error.message}`)
  console.log(
    `sent as 0x${toHex(verdict.hash)}, paid by ${formatAddress(addressOf(payer.publicKey))}`,
  )
  const block = await waitFinal(verdict.hash)
  console.log(`final in block ${block}; the set changes after height ${change.height}`)
}

/** Waits until the change is final, and returns its height. */
async function waitFinal(hash: Uint8Array): Promise<number> {
  const untilMs = Date.now() + finalityPatienceMs
  while (Date.now() < untilMs) {
    const view = await site.transaction(hash)
    if (view?.final && view.block && view.outcome) {
      const { code } = view.outcome
      if (code === outcomeCodes.applied) return view.block.height
      const name = Object.entries(outcomeCodes).find(([, number]) => number === code)?.[0] ?? code
      fail(`it is on the chain and did nothing: ${name}`)
    }
    await pause(500)
  }
  return fail('it was taken, and is not final yet: look at "npm run authorities -- show" later')
}

function readHeight(head: number): number {
  const match = /^(\+?)(\d{1,15})$/.exec(values.height ?? '')
  const height = Number(match?.[2] ?? 0) + (match?.[1] === '+' ? head : 0)
  if (!match || height < 1) return misused('--height is the last height of the old set, or +N')
  if (height <= head) return fail(`height ${height} is past: the head is at ${head}`)
  return height
}

function readAuthority(text: string): AuthoritySet[number] {
  // `genesis --keys` prints three keys with commas between; the first is the authority's.
  const match = /^([^=]+)=(?:0x)?([0-9a-fA-F]{64})(?:,|$)/.exec(text)
  const key = fromHex(match?.[2] ?? '', 32)
  if (!match?.[1] || !key.ok) return misused(`--add wants NAME=KEY, not ${text}`)
  return { name: match[1], publicKey: key.value }
}

function changePath(): string {
  if (file === undefined) return misused(`${command} wants the file of the change`)
  return resolve(callerPath, file)
}

function readText(path: string): string {
  return existsSync(path) ? readFileSync(path, 'utf8') : fail(`there is no file ${path}`)
}

function write(path: string, change: ChangeFile): void {
  writeFileSync(resolve(callerPath, path), `${JSON.stringify(change, undefined, 2)}\n`)
}

function must<T>(result: Result<T, { readonly message: string }>): T {
  return result.ok ? result.value : fail(result.error.message)
}

function apiUrl(): URL {
  if (URL.canParse(values.api) && /^https?:/.test(values.api)) return new URL(values.api)
  return misused(`--api is no http(s) URL: ${values.api}`)
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
    return misused(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`)
  }
}

/** The command line is wrong. */
function misused(message: string): never {
  console.error(message)
  process.exit(2)
}

/** What was asked for cannot be done. */
function fail(message: string): never {
  console.error(message)
  process.exit(1)
}
