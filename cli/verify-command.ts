/**
 * `client verify`: checks one fact against the chain and says what it found. Exits with 0 only for what is
 * verified; 4: there is no such thing; 5: not final yet, or not on the chain that was verified before.
 */
import { Command, CommanderError, Option } from 'commander'
import * as z from 'zod'
import { formatCheckpoint, parseCheckpoint } from '../core/api/light-memory.ts'
import { formatCoins } from '../core/base/amount.ts'
import { fromHex, toHex0x } from '../core/base/bytes.ts'
import { isLoopback } from '../core/base/loopback.ts'
import { err, ok, type Result, unreachable } from '../core/base/result.ts'
import { bookingFunds } from '../core/chain/entries.ts'
import { slotMs } from '../core/chain/genesis.ts'
import type { Checkpoint, LightState } from '../core/chain/light.ts'
import { type LightFact, type LightSubject, verdictOf } from '../core/chain/light-fact.ts'
import { outcomeCodes } from '../core/chain/outcome.ts'
import { formatAddress, parseAddress } from '../core/crypto/address.ts'
import { nobleVerifier } from '../core/crypto/ed25519.ts'
import { ClientFault, exitCodes } from './exit-codes.ts'
import { aitbcHome } from './home.ts'
import { checkSite, readGenesisFile } from './known-sites.ts'
import { openLight } from './light.ts'
import { apiUrl, type OptionsError } from './options.ts'
import { createSiteClient, type SiteClient } from './site-client.ts'

export type VerifyOptions = {
  readonly api: URL
  readonly subject: LightSubject | { readonly kind: 'receipt'; readonly hash: Uint8Array }
  readonly genesisFile: string | undefined
  readonly acceptGenesis: string | undefined
  readonly checkpoint: Checkpoint | undefined
  readonly output: 'text' | 'json'
}

/** Reads and checks the command line behind `verify`. */
export function parseVerifyOptions(argv: readonly string[]): Result<VerifyOptions, OptionsError> {
  const command = verifyCommand()
  try {
    command.exitOverride().configureOutput({ writeErr: () => undefined })
    command.parse([...argv], { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    if (error.exitCode === 0) return err({ code: 'SHOWN', message: '' })
    return usage(error.message.replace(/^error: /, ''))
  }
  const raw = command.opts<Record<string, string | true | undefined>>()
  const faults: string[] = []
  const insecure = raw['insecure'] === true
  const api = apiUrl('--api', String(raw['api']), { insecure, faults })
  const subject = subjectOf(raw, faults)
  const checkpoint =
    raw['checkpoint'] === undefined ? undefined : parseCheckpoint(String(raw['checkpoint']))
  if (checkpoint && !checkpoint.ok) faults.push(`--checkpoint: ${checkpoint.error.message}`)
  if (api === undefined || subject === undefined || faults.length > 0)
    return usage(faults.join('; '))
  return ok({
    api,
    subject,
    genesisFile: raw['genesis'] as string | undefined,
    acceptGenesis: raw['acceptGenesis'] as string | undefined,
    checkpoint: checkpoint?.ok ? checkpoint.value : undefined,
    output: raw['output'] as 'text' | 'json',
  })
}

/** Checks, and prints what was found. Throws a fault where there is nothing to say "verified" to. */
export async function runVerify(
  options: VerifyOptions,
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<void> {
  const { api, genesisFile, acceptGenesis } = options
  const home = aitbcHome(env)
  const pinned = genesisFile === undefined ? undefined : readGenesisFile(genesisFile, env)
  const site = createSiteClient(api, signal)
  const { genesis } = await site.status()
  const isHere = isLoopback(api.hostname)
  checkSite({ home, host: api.host, genesis, pinned, accept: acceptGenesis, isLoopback: isHere })
  const { checkpoint } = options
  const light = openLight({ home, genesis, site, verifier: nobleVerifier, checkpoint })
  const subject = await whole(site, options.subject)
  const found = await light.check(subject)
  const slot = Math.floor((Date.now() - Number(genesis.genesisTimeMs)) / slotMs)
  const verdict = verdictOf({ ok: true, value: found }, slot)
  if (verdict.state !== 'verified') throw new Error('a finding is verified')
  const { ageSlots } = verdict
  const shown =
    options.output === 'json'
      ? JSON.stringify(jsonOf(found.fact, found.state, ageSlots))
      : textOf(found.fact, found.state, ageSlots)
  process.stdout.write(`${shown}\n`)
}

function verifyCommand(): Command {
  return new Command('client verify')
    .description('Checks one fact against the chain, without believing the site.')
    .option('--api <URL>', 'the site', 'http://127.0.0.1:18000')
    .option('--transaction <HASH>', 'that a transaction is final, and what it did')
    .option('--balance <ADDRESS>', 'what an account holds')
    .option('--escrow <ID>', 'what an escrow holds')
    .option('--booking <ID>', 'what a booking holds, and until when')
    .option('--bond <ADDRESS>', 'what a miner’s key has bonded')
    .option('--receipt <HASH>', 'that a receipt was paid')
    .option('--unsent <HEX>', 'that a signed transaction is in no block')
    .option('--genesis <FILE>', 'trust exactly this genesis file')
    .option('--accept-genesis <HASH>', 'accept that the site is on another chain than before')
    .option('--checkpoint <TEXT>', 'begin at HEIGHT:SLOT:BLOCK:AUTHORITIES instead of genesis')
    .option('--insecure', 'allow http:// to other machines')
    .addOption(new Option('--output <FORMAT>', 'stdout').choices(['text', 'json']).default('text'))
}

type Raw = Readonly<Record<string, string | true | undefined>>

function subjectOf(raw: Raw, faults: string[]): VerifyOptions['subject'] | undefined {
  const names = [
    'transaction',
    'balance',
    'escrow',
    'booking',
    'bond',
    'receipt',
    'unsent',
  ] as const
  const [name, more] = names.filter((each) => raw[each] !== undefined)
  if (name === undefined || more !== undefined) {
    faults.push(`give one of ${names.map((each) => `--${each}`).join(', ')}`)
    return undefined
  }
  const text = String(raw[name])
  const isAddress = name === 'balance' || name === 'bond'
  const bytes = isAddress ? parseAddress(text) : fromHex(text, name === 'unsent' ? undefined : 32)
  if (!bytes.ok) {
    faults.push(`--${name}: ${bytes.error.message}`)
    return undefined
  }
  const { value } = bytes
  if (name === 'balance') return { kind: 'account', address: value }
  if (name === 'bond') return { kind: 'bond', address: value }
  if (name === 'escrow' || name === 'booking') return { kind: name, id: value }
  if (name === 'unsent') return { kind: 'no_transaction', bytes: value }
  return name === 'receipt' ? { kind: name, hash: value } : { kind: name, hash: value }
}

const receiptSchema = z.object({ payload: z.object({ tx_hash: z.string() }) })

/** Where a receipt was paid the site says; that it was, the chain has to show. */
async function whole(site: SiteClient, subject: VerifyOptions['subject']): Promise<LightSubject> {
  if (subject.kind !== 'receipt' || 'transaction' in subject) return subject
  const target = `/rpc/receipts/${toHex0x(subject.hash)}`
  const answer = receiptSchema.safeParse(await site.json({ target }))
  const transaction = answer.success ? fromHex(answer.data.payload.tx_hash, 32) : undefined
  if (transaction?.ok) return { ...subject, transaction: transaction.value }
  throw new ClientFault(exitCodes.server, 'ANSWER_INVALID', `${target}: the receipt is malformed`)
}

/** What was shown, in words. */
function textOf(fact: LightFact, state: LightState, ageSlots: number): string {
  const { height, slot, timeMs } = fact.block
  const seconds = Math.round((ageSlots * slotMs) / 1_000)
  return [
    `verified: ${sentence(fact)}`,
    `in block ${height} (slot ${slot}, ${new Date(timeMs).toISOString()})`,
    `newest verified block: ${state.head.height}, ${seconds} s old`,
  ].join('\n')
}

function sentence(fact: LightFact): string {
  switch (fact.kind) {
    case 'transaction': {
      if ('receipt' in fact) {
        const { amount, miner } = fact.receipt
        return `the receipt was paid with ${formatCoins(amount)} AITBC, for ${formatAddress(miner)}`
      }
      const name = outcomeName(fact.outcome.code)
      return `the transaction is final, its outcome is ${name}, its fee ${formatCoins(fact.outcome.fee)} AITBC`
    }
    case 'account': {
      if (!fact.account) return 'there is no such account'
      return `the account holds ${formatCoins(fact.account.balance)} AITBC, next nonce ${fact.account.nonce}`
    }
    case 'escrow':
      return fact.escrow
        ? `the escrow holds ${formatCoins(fact.escrow.balance)} AITBC until slot ${fact.escrow.expiry}`
        : 'there is no such escrow'
    case 'booking':
      return fact.booking
        ? `the booking holds ${formatCoins(bookingFunds(fact.booking))} AITBC until slot ${fact.booking.end}`
        : 'there is no such booking'
    case 'bond':
      if (!fact.bond) return 'this key has no bond'
      return fact.bond.slashedAt > 0n
        ? `the bond was burned in slot ${fact.bond.slashedAt}`
        : `the bond holds ${formatCoins(fact.bond.amount)} AITBC`
    case 'no_transaction':
      return fact.never
        ? 'the transaction is in no block and never will be'
        : 'the transaction is in no block so far'
    default:
      return unreachable(fact)
  }
}

/** One object; amounts are decimal strings of base units. */
function jsonOf(fact: LightFact, state: LightState, ageSlots: number): object {
  const { block } = fact
  return {
    ok: true,
    verified: fieldsOf(fact),
    block: {
      height: block.height,
      hash: toHex0x(block.hash),
      slot: block.slot,
      time_ms: block.timeMs,
    },
    head_height: state.head.height,
    age_slots: ageSlots,
    checkpoint: formatCheckpoint(state),
  }
}

function fieldsOf(fact: LightFact): object {
  switch (fact.kind) {
    case 'transaction': {
      const { code, fee, transaction } = fact.outcome
      const hash = toHex0x(transaction)
      const common = { tx_hash: hash, outcome: outcomeName(code), fee: String(fee) }
      if (!('receipt' in fact)) return { kind: 'transaction', ...common }
      const { receiptHash, amount, miner } = fact.receipt
      const receipt = { receipt_hash: toHex0x(receiptHash), amount: String(amount) }
      return { kind: 'receipt', ...receipt, miner: formatAddress(miner), ...common }
    }
    case 'account': {
      const { balance, nonce } = fact.account ?? { balance: 0n, nonce: 0n }
      const exists = fact.account !== undefined
      return { kind: 'account', exists, balance: String(balance), nonce: Number(nonce) }
    }
    case 'escrow': {
      const { balance, expiry } = fact.escrow ?? { balance: 0n, expiry: 0n }
      const exists = fact.escrow !== undefined
      return { kind: 'escrow', exists, balance: String(balance), expiry_slot: Number(expiry) }
    }
    case 'booking': {
      const { booking } = fact
      const balance = booking ? bookingFunds(booking) : 0n
      const end = Number(booking?.end ?? 0n)
      const exists = booking !== undefined
      return { kind: 'booking', exists, balance: String(balance), end_slot: end }
    }
    case 'bond': {
      const { amount, leavesAt, slashedAt } = fact.bond ?? none
      return {
        kind: 'bond',
        exists: fact.bond !== undefined,
        amount: String(amount),
        leaves_at_slot: leavesAt === 0n ? null : Number(leavesAt),
        slashed_at_slot: slashedAt === 0n ? null : Number(slashedAt),
      }
    }
    case 'no_transaction':
      return { kind: 'no_transaction', never: fact.never }
    default:
      return unreachable(fact)
  }
}

const none = { amount: 0n, leavesAt: 0n, slashedAt: 0n }

const outcomeName = (code: number): string =>
  Object.entries(outcomeCodes).find(([, value]) => value === code)?.[0] ?? `code ${code}`

const usage = (message: string): Result<never, OptionsError> => err({ code: 'USAGE', message })
