/**
 * The command line behind `client wallet`: one table of commands and options, and its checked form. A
 * secret is never an argument, since arguments are seen by other users and kept in histories.
 */
import { Command, CommanderError, Option } from 'commander'
import { parseCoins } from '../core/base/amount.ts'
import { err, ok, type Result } from '../core/base/result.ts'
import { parseAddress } from '../core/crypto/address.ts'
import { apiUrl, type OptionsError } from './options.ts'

/** One command, with what is its own. */
export type WalletAction =
  | { readonly kind: 'create'; readonly words: 12 | 24 }
  | { readonly kind: 'import'; readonly from: string | undefined; readonly takeSecret: boolean }
  | { readonly kind: 'list' | 'address' | 'passwd' | 'balance' }
  | { readonly kind: 'add'; readonly name: string | undefined }
  | { readonly kind: 'export'; readonly what: 'words' | 'seed' }
  | { readonly kind: 'backup'; readonly to: string }
  | {
      readonly kind: 'send'
      readonly to: Uint8Array
      readonly amount: bigint
      readonly fee: bigint | undefined
      readonly yes: boolean
    }
  | ({ readonly kind: 'bond'; readonly amount: bigint } & Sending)
  | ({ readonly kind: 'unbond' | 'claim' } & Sending)
  | { readonly kind: 'sign'; readonly text: string | undefined }
  | { readonly kind: 'verify'; readonly file: string | undefined }

/** What every command takes that sends a transaction. */
export type Sending = { readonly fee: bigint | undefined; readonly yes: boolean }

export type WalletOptions = WalletPlace & { readonly action: WalletAction }

/** Whose key, and which site: what every command takes that signs. */
export type WalletPlace = {
  /** Name of a wallet; `client:ID` and `miner:ID` are the keys of programs. */
  readonly wallet: string
  /** Address or name of an account; undefined means the first. */
  readonly account: string | undefined
  readonly api: URL
  readonly genesisFile: string | undefined
  readonly acceptGenesis: string | undefined
  readonly output: 'text' | 'json'
  readonly quiet: boolean
}

/** Reads and checks the command line behind `wallet`. */
export function parseWalletOptions(argv: readonly string[]): Result<WalletOptions, OptionsError> {
  let chosen: { readonly action: WalletAction; readonly raw: Raw } | undefined
  const faults: string[] = []
  const command = walletCommand((action, raw) => {
    chosen = { action, raw }
  }, faults)
  try {
    command.parse([...argv], { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    if (error.exitCode === 0) return err({ code: 'SHOWN', message: '' })
    const names = `name a command: ${command.commands.map((each) => each.name()).join(', ')}`
    const message = error.message.replace(/^error: /, '').replace('(outputHelp)', names)
    return usage(error.code === 'commander.unknownCommand' ? `${message}; ${names}` : message)
  }
  if (chosen === undefined) return usage('name a command')
  const { action, raw } = chosen
  const wallet = String(raw['wallet'])
  if (!/^(?:(?:client|miner):)?[A-Za-z0-9._-]{1,64}$/.test(wallet) || /(?:^|:)\.+$/.test(wallet)) {
    faults.push('--wallet must be a name: letters, digits, dots, hyphens, underscores')
  }
  const api = apiUrl('--api', String(raw['api']), { insecure: raw['insecure'] === true, faults })
  if (api === undefined || faults.length > 0) return usage(faults.join('; '))
  return ok({
    action,
    wallet,
    account: raw['account'] as string | undefined,
    api,
    genesisFile: raw['genesis'] as string | undefined,
    acceptGenesis: raw['acceptGenesis'] as string | undefined,
    output: raw['output'] as 'text' | 'json',
    quiet: raw['quiet'] === true,
  })
}

type Raw = Readonly<Record<string, string | true | undefined>>
type Chosen = (action: WalletAction, raw: Raw) => void

function walletCommand(chosen: Chosen, faults: string[]): Command {
  const root = new Command('client wallet')
    .description('Keys and coins of a person: the same wallets as in the browser.')
    .option(
      '--wallet <NAME>',
      'which wallet; client:ID or miner:ID for the key of a program',
      'main',
    )
    .option('--account <ADDRESS>', 'which account of it, by address or name; else the first')
    .option('--api <URL>', 'the site', 'http://127.0.0.1:18000')
    .option('--genesis <FILE>', 'trust exactly this genesis file')
    .option('--accept-genesis <HASH>', 'accept that the site is on another chain than before')
    .option('--insecure', 'allow http:// to other machines')
    .option('--quiet', 'no messages, results alone')
    .addOption(new Option('--output <FORMAT>', 'stdout').choices(['text', 'json']).default('text'))
    .exitOverride()
    .configureOutput({ writeErr: () => undefined })
  const add = (usageText: string, description: string) => {
    const command = root.command(usageText).description(description)
    return command.exitOverride().configureOutput({ writeErr: () => undefined })
  }
  const choose = (action: WalletAction) => chosen(action, root.opts<Raw>())
  add('create', 'makes a wallet with new recovery words')
    .addOption(new Option('--words <N>', 'recovery words').choices(['12', '24']).default('24'))
    .action(({ words }) => choose({ kind: 'create', words: words === '12' ? 12 : 24 }))
  add('import', 'takes words, a key or an older file into a wallet; reads standard input or asks')
    .option('--from <FILE>', 'a keystore, key file, or wallet file of the original')
    .option('--take-secret', 'make a new account of a secret that was made for another curve')
    .action(({ from, takeSecret }) =>
      choose({ kind: 'import', from, takeSecret: takeSecret === true }),
    )
  add('list', 'all wallets and keys of programs').action(() => choose({ kind: 'list' }))
  add('address', 'addresses of a wallet, without its password').action(() =>
    choose({ kind: 'address' }),
  )
  add('add', 'one more account from the recovery words')
    .option('--name <NAME>', 'name of the account')
    .action(({ name }) => choose({ kind: 'add', name }))
  add('export', 'SECRET: recovery words, or the seed of one account, on standard output')
    .option('--seed', 'the seed of the account instead of the words')
    .action(({ seed }) => choose({ kind: 'export', what: seed === true ? 'seed' : 'words' }))
  add('backup <FILE>', 'a copy of the encrypted wallet').action((to: string) =>
    choose({ kind: 'backup', to }),
  )
  add('passwd', 'another password').action(() => choose({ kind: 'passwd' }))
  add('balance', 'what the account holds, proved').action(() => choose({ kind: 'balance' }))
  const sending = (usageText: string, description: string) =>
    add(usageText, `${description}; shows it first, and waits until it is final`)
      .option('--fee <AITBC>', 'fee to offer; else what is enough')
      .option('--yes', 'send without asking')
  sending('send <ADDRESS> <AITBC>', 'sends coins').action(
    (to: string, amount: string, raw: RawSending) => {
      const action = sendAction(to, amount, raw, faults)
      if (action) choose(action)
      else choose({ kind: 'balance' })
    },
  )
  addStaking(sending, choose, faults)
  add('sign [TEXT]', 'signs a message; without TEXT, what standard input holds').action(
    (text?: string) => choose({ kind: 'sign', text }),
  )
  add('verify [FILE]', 'checks a signed message; without FILE, what standard input holds').action(
    (file?: string) => choose({ kind: 'verify', file }),
  )
  return root
}

type RawSending = { readonly fee?: string; readonly yes?: true }

/** A miner's stake and rewards: of the key of the miner agent with `--wallet miner:ID`. */
function addStaking(
  sending: (usageText: string, description: string) => Command,
  choose: (action: WalletAction) => void,
  faults: string[],
): void {
  sending('bond <AITBC>', 'stakes coins on the receipts of this key').action(
    (text: string, raw: RawSending) => {
      const amount = amountOf(text, faults)
      choose({ kind: 'bond', amount: amount ?? 0n, ...sendingOf(raw, faults) })
    },
  )
  sending('unbond', 'asks for the stake back, and takes it once the notice has passed').action(
    (raw: RawSending) => choose({ kind: 'unbond', ...sendingOf(raw, faults) }),
  )
  sending('claim', 'claims the protocol rewards of this key’s settled jobs').action(
    (raw: RawSending) => choose({ kind: 'claim', ...sendingOf(raw, faults) }),
  )
}

function sendAction(
  to: string,
  amountText: string,
  raw: RawSending,
  faults: string[],
): WalletAction | undefined {
  const address = parseAddress(to)
  if (!address.ok) faults.push(`ADDRESS: ${address.error.message}`)
  const amount = amountOf(amountText, faults)
  const terms = sendingOf(raw, faults)
  if (!address.ok || amount === undefined) return undefined
  return { kind: 'send', to: address.value, amount, ...terms }
}

function amountOf(text: string, faults: string[]): bigint | undefined {
  const amount = parseCoins(text)
  if (!amount.ok) faults.push(`AITBC: ${amount.error.message}`)
  else if (amount.value === 0n) faults.push('AITBC: must be above 0')
  return amount.ok ? amount.value : undefined
}

function sendingOf(raw: RawSending, faults: string[]): Sending {
  const fee = raw.fee === undefined ? undefined : parseCoins(raw.fee)
  if (fee && !fee.ok) faults.push(`--fee: ${fee.error.message}`)
  return { fee: fee?.ok ? fee.value : undefined, yes: raw.yes === true }
}

const usage = (message: string): Result<never, OptionsError> => err({ code: 'USAGE', message })
