/**
 * `miner earnings`: what this machine's key earned, day by day; what a site holds, what waits for the chain, and
 * what can be claimed. Asks the site and reads the journal, beside an agent that is at work; needs no password.
 */
import { existsSync, readFileSync } from 'node:fs'
import { Command, CommanderError } from 'commander'
import * as z from 'zod'
import { minerDaysMax } from '../core/api/chain-figures.ts'
import { formatCoins } from '../core/base/amount.ts'
import { err, ok, type Result } from '../core/base/result.ts'
import { addressOf, formatAddress } from '../core/crypto/address.ts'
import { publicKeysOf } from '../core/wallet/key-text.ts'
import { type ChainFault, createChainClient, readSite } from './chain-client.ts'
import { claimableOf } from './claimer.ts'
import { apiUrl, minerIdPattern } from './config.ts'
import { exitCodes } from './exit-codes.ts'
import { aitbcHome, minerFiles } from './home.ts'
import { readOpenReleases } from './journal.ts'
import { cleanText } from './log.ts'

const units = z.string().regex(/^\d{1,20}$/)

const daysSchema = z.object({
  items: z.array(
    z.object({
      day: z.iso.date(),
      jobs: z.int(),
      payments: units,
      bookings: units,
      rewards: units,
      total: units,
    }),
  ),
})

const heldSchema = z.object({
  items: z.array(
    z.object({
      job_id: z.string().regex(/^[0-9a-f]{1,64}$/),
      amount: units,
      reasons: z.array(z.object({ code: z.string().regex(/^[A-Z_]{1,40}$/) })),
    }),
  ),
})

/** What is known of a miner's money. Amounts are base units. */
export type EarningsReport = {
  readonly address: string
  readonly days: z.infer<typeof daysSchema>['items']
  readonly held: z.infer<typeof heldSchema>['items']
  /** Released by the site, and not in a final block yet; before the shares. */
  readonly waiting: bigint
  /** Protocol rewards that can be claimed. */
  readonly claimable: bigint
}

type Streams = {
  readonly write: (text: string) => void
  readonly complain: (text: string) => void
}

/** Runs the command; its exit code. */
export async function printEarnings(
  argv: readonly string[],
  env: NodeJS.ProcessEnv,
  { write, complain }: Streams,
): Promise<number> {
  const options = readOptions(argv, write)
  if (!options.ok) {
    if (options.error === '') return exitCodes.ok
    complain(`miner earnings: ${options.error}\n`)
    return exitCodes.usage
  }
  const { id, api, days, json } = options.value
  const { key: keyPath, journal } = minerFiles(aitbcHome(env), id)
  const keys = existsSync(keyPath) ? publicKeysOf(readFileSync(keyPath, 'utf8')) : undefined
  const key = keys?.ok ? keys.value[0] : undefined
  if (key === undefined) {
    complain(`miner earnings: ${keyPath}: ${keys?.ok === false ? keys.error.message : 'no key'}\n`)
    return exitCodes.auth
  }
  const releases = readOpenReleases(journal)
  const own = releases.filter((release) => release.api === api.host)
  const waiting = own.reduce((sum, { amount }) => sum + BigInt(amount), 0n)
  const report = await readReport({ api, id, key, days, waiting })
  if (!report.ok) {
    complain(`miner earnings: ${cleanText(report.error.message)}\n`)
    return exitCodes.network
  }
  write(json ? `${jsonOf(report.value)}\n` : `${linesOf(report.value).join('\n')}\n`)
  return exitCodes.ok
}

/** Asks the site for all that it knows of a miner's money. */
export async function readReport(of: {
  readonly api: URL
  readonly id: string
  readonly key: Uint8Array
  readonly days: number
  readonly waiting: bigint
}): Promise<Result<EarningsReport, ChainFault>> {
  const { api, id, key, waiting } = of
  const address = formatAddress(addressOf(key))
  const daysPath = `/api/v1/chain/miners/${address}/days?days=${of.days}`
  const days = await readSite(new URL(daysPath, api), daysSchema)
  if (!days.ok) return days
  const heldPath = `/api/v1/miners/${encodeURIComponent(id)}/held?open=true&limit=200`
  const held = await readSite(new URL(heldPath, api), heldSchema)
  // A site that never saw the miner holds nothing of it.
  if (!held.ok && held.error.code !== 'NOT_FOUND') return held
  const chain = createChainClient(api)
  const status = await chain.status()
  if (!status.ok) return status
  const { genesis } = status.value
  const slot = status.value.status.currentSlot
  const { amount } = await claimableOf({ chain, signer: { publicKey: key }, genesis, slot })
  return ok({
    address,
    days: days.value.items,
    held: held.ok ? held.value.items : [],
    waiting,
    claimable: amount,
  })
}

/** The report as lines for people. Days without pay are left out. */
export function linesOf(report: EarningsReport): string[] {
  const paid = report.days.filter(({ total }) => total !== '0')
  const sum = (amounts: readonly string[]) => amounts.reduce((all, each) => all + BigInt(each), 0n)
  const cells = paid.map((day) => [
    day.day,
    String(day.jobs),
    ...[day.payments, day.bookings, day.rewards, day.total].map((each) =>
      formatCoins(BigInt(each)),
    ),
  ])
  const rows = [['DAY', 'JOBS', 'PAYMENTS', 'BOOKINGS', 'REWARDS', 'AITBC'], ...cells]
  const widths = [0, 1, 2, 3, 4, 5].map((at) =>
    Math.max(...rows.map((row) => row[at]?.length ?? 0)),
  )
  const table = rows.map((row) =>
    row.map((cell, at) =>
      at === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[at] ?? 0),
    ),
  )
  const coins = (amount: bigint) => `${formatCoins(amount)} AITBC`
  const held = report.held.map(({ job_id: job, amount, reasons }) => {
    const why = reasons.map(({ code }) => code).join(' ')
    return `  ${coins(BigInt(amount))} of job ${job}: ${why}`
  })
  return [
    `paid at   ${report.address}`,
    ...(paid.length === 0
      ? ['nothing was paid in these days']
      : table.map((row) => row.join('  '))),
    `earned    ${coins(sum(paid.map(({ total }) => total)))} in ${report.days.length} days`,
    `waiting   ${coins(report.waiting)} released, not in a final block yet, before the shares`,
    `held      ${coins(sum(report.held.map(({ amount }) => amount)))} until somebody at the site decides`,
    ...held,
    `rewards   ${coins(report.claimable)} to be claimed`,
  ]
}

const jsonOf = (report: EarningsReport): string =>
  JSON.stringify(
    { ...report, waiting: String(report.waiting), claimable: String(report.claimable) },
    undefined,
    2,
  )

type Options = {
  readonly id: string
  readonly api: URL
  readonly days: number
  readonly json: boolean
}

/** An empty fault: the help was shown. */
function readOptions(
  argv: readonly string[],
  write: (text: string) => void,
): Result<Options, string> {
  const command = new Command('miner earnings')
    .description('What a miner earned, day by day; what is held, waits, and can be claimed.')
    .requiredOption('--id <ID>', 'name of the miner')
    .option('--api <URL>', 'the site', 'http://127.0.0.1:18000')
    .option('--days <N>', 'so many days, today the last', '30')
    .option('--json', 'as JSON, amounts in base units')
    .option('--insecure', 'allow http:// to other machines')
    .exitOverride()
    .configureOutput({ writeOut: write, writeErr: () => undefined })
  try {
    command.parse([...argv], { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    return err(error.exitCode === 0 ? '' : error.message.replace(/^error: /, ''))
  }
  const raw = command.opts<Readonly<Record<string, string | boolean | undefined>>>()
  const faults: string[] = []
  const api = apiUrl('--api', String(raw['api']), { insecure: raw['insecure'] === true, faults })
  const id = String(raw['id'])
  if (!minerIdPattern.test(id)) faults.push('--id is no name of a miner')
  const days = Number(raw['days'])
  if (!Number.isInteger(days) || days < 1 || days > minerDaysMax) {
    faults.push(`--days is 1 to ${minerDaysMax}`)
  }
  if (faults.length > 0 || api === undefined) return err(faults.join('; '))
  return ok({ id, api, days, json: raw['json'] === true })
}
