/**
 * Command lines of groups: `client GROUP COMMAND …`. A group is a table of its commands; what was given comes
 * back checked, by camel-case name. What every command takes stands here: the site, the wallet that signs,
 * and how results are shown.
 */
import { Command, CommanderError, Option } from 'commander'
import { optionReader } from '../core/base/option-reader.ts'
import { err, ok, type Result } from '../core/base/result.ts'
import { apiUrl, type OptionsError } from './options.ts'

/** One option: its flags, what it means, and how its value is checked. */
export type OptionRow = {
  readonly flags: string
  readonly about: string
  /** `least` and `most` of a whole number; seconds of a time. */
  readonly is:
    | 'text'
    | 'coins'
    | 'flag'
    | { readonly least: number; readonly most: number }
    | { readonly seconds: readonly [least: number, most: number] }
    | { readonly words: readonly string[] }
  readonly fallback?: string
  readonly needed?: true
}

/** One command of a group. */
export type CommandRow = {
  /** `<KEY>`, or `[JOB]` where it may be absent. */
  readonly argument?: string
  readonly does: string
  readonly options?: readonly OptionRow[]
}

/** A group: its commands by name. */
export type Group<Name extends string> = {
  readonly name: 'keys' | 'admin' | 'miner'
  readonly does: string
  readonly commands: Readonly<Record<Name, CommandRow>>
}

/** A value that was given. */
export type Given = Readonly<Record<string, string | number | bigint | true>>

export type GroupOptions<Name extends string> = {
  readonly command: Name
  readonly api: URL
  readonly output: 'table' | 'json'
  /** Undefined: not named; commands that sign take `main`. */
  readonly wallet: string | undefined
  readonly account: string | undefined
  readonly genesisFile: string | undefined
  readonly acceptGenesis: string | undefined
  readonly quiet: boolean
  /** What stands after the command. */
  readonly about: string | undefined
  readonly given: Given
}

/** Reads and checks what stands after the name of a group. */
export function parseGroup<Name extends string>(
  group: Group<Name>,
  argv: readonly string[],
): Result<GroupOptions<Name>, OptionsError> {
  let chosen:
    | { readonly name: Name; readonly about: string | undefined; readonly raw: Raw }
    | undefined
  const root = rootOf(group, (name, about, raw) => {
    chosen = { name, about, raw }
  })
  try {
    root.parse([...argv], { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    if (error.exitCode === 0) return err({ code: 'SHOWN', message: '' })
    const names = `the commands are: ${Object.keys(group.commands).join(', ')}`
    const message = error.message.replace(/^error: /, '').replace('(outputHelp)', names)
    return usage(error.code === 'commander.unknownCommand' ? `${message}; ${names}` : message)
  }
  if (chosen === undefined) return usage('name a command')
  const { name, about, raw } = chosen
  const faults: string[] = []
  const api = apiUrl('--api', String(raw['api']), { insecure: raw['insecure'] === true, faults })
  const given = givenOf(group.commands[name].options ?? [], raw, faults)
  const wallet = textOf(raw['wallet'])
  if (
    wallet !== undefined &&
    !/^(?:(?:client|miner):)?[A-Za-z0-9_-][A-Za-z0-9._-]{0,63}$/.test(wallet)
  ) {
    faults.push('--wallet must be a name: letters, digits, dots, hyphens, underscores')
  }
  if (api === undefined || faults.length > 0) return usage(faults.join('; '))
  return ok({
    command: name,
    api,
    output: raw['output'] as 'table' | 'json',
    wallet,
    account: textOf(raw['account']),
    genesisFile: textOf(raw['genesis']),
    acceptGenesis: textOf(raw['acceptGenesis']),
    quiet: raw['quiet'] === true,
    about,
    given,
  })
}

type Raw = Readonly<Record<string, string | boolean | undefined>>

const textOf = (value: string | boolean | undefined): string | undefined =>
  typeof value === 'string' ? value : undefined

function rootOf<Name extends string>(
  group: Group<Name>,
  chosen: (name: Name, about: string | undefined, raw: Raw) => void,
): Command {
  const root = new Command(`client ${group.name}`).description(group.does)
  const silent = (command: Command) =>
    command.exitOverride().configureOutput({ writeErr: () => undefined })
  silent(root)
  for (const name of Object.keys(group.commands) as Name[]) {
    const { argument, does, options = [] } = group.commands[name]
    const command = silent(root.command(name).description(does).summary(does))
    if (argument !== undefined) command.argument(argument)
    for (const { flags, about, is, fallback, needed } of options) {
      const option = new Option(flags, about)
      if (typeof is === 'object' && 'words' in is) option.choices([...is.words])
      if (fallback !== undefined) option.default(fallback)
      command.addOption(option.makeOptionMandatory(needed === true))
    }
    addCommon(command)
    command.action(() => chosen(name, command.args[0], command.opts()))
  }
  return root
}

function addCommon(command: Command): void {
  command
    .option('--api <URL>', 'the site', 'http://127.0.0.1:18000')
    .addOption(
      new Option('--output <FORMAT>', 'stdout').choices(['table', 'json']).default('table'),
    )
    .option('--wallet <NAME>', 'whose key signs; client:ID or miner:ID for the key of a program')
    .option(
      '--account <ADDRESS>',
      'which account of the wallet, by address or name; else the first',
    )
    .option('--genesis <FILE>', 'trust exactly this genesis file')
    .option('--accept-genesis <HASH>', 'accept that the site is on another chain than before')
    .option('--insecure', 'allow http:// to other machines')
    .option('--quiet', 'no messages, results alone')
}

function givenOf(rows: readonly OptionRow[], raw: Raw, faults: string[]): Given {
  const read = optionReader(raw, faults)
  const given: Record<string, string | number | bigint | true> = {}
  for (const { flags, is } of rows) {
    const name = nameOf(flags)
    const value = raw[name]
    if (value === undefined) continue
    if (is === 'coins') given[name] = read.coins(name, 1n)
    else if (is === 'flag') given[name] = true
    else if (is === 'text' || 'words' in is) given[name] = String(value)
    else if ('least' in is) given[name] = read.number(name, { ...is, whole: true })
    else {
      const [leastMs, mostMs] = is.seconds.map((each) => each * 1_000) as [number, number]
      given[name] = Math.floor(read.duration(name, { leastMs, mostMs }) / 1_000)
    }
  }
  return given
}

/** `--price-max <AITBC>` is read as `priceMax`. */
const nameOf = (flags: string): string =>
  (/--([a-z-]+)/.exec(flags)?.[1] ?? '').replace(/-([a-z])/g, (_, letter: string) =>
    letter.toUpperCase(),
  )

const usage = (message: string): Result<never, OptionsError> => err({ code: 'USAGE', message })
