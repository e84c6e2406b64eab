/** What the wallet commands share: where the wallet lies, who can be asked, and where results go. */
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { ClientFault, exitCodes } from './exit-codes.ts'
import { aitbcHome } from './home.ts'
import { type KeyStoreOptions, terminalPrompt } from './key-store.ts'
import { walletPath } from './wallet-files.ts'
import type { WalletPlace } from './wallet-options.ts'

export type WalletRun = KeyStoreOptions & {
  readonly options: WalletPlace
  readonly home: string
  readonly wallet: string
  readonly signal: AbortSignal
  /** A line on stderr, unless `--quiet`. */
  readonly say: (line: string) => void
  /** The result on stdout: JSON on one line, or the lines. */
  readonly print: (json: unknown, lines: readonly string[]) => void
  /** A secret from a person or from standard input: never from an argument. */
  readonly readSecret: (question: string) => Promise<string>
}

/** Opens nothing yet. */
export function startWalletRun(
  options: WalletPlace,
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): WalletRun {
  const home = aitbcHome(env)
  const ask = terminalPrompt()
  return {
    options,
    env,
    ask,
    home,
    signal,
    wallet: options.wallet,
    path: walletPath(home, options.wallet),
    say: (line) => {
      if (!options.quiet) process.stderr.write(`client: ${line}\n`)
    },
    print: (json, lines) => {
      const rows = options.output === 'json' ? [JSON.stringify(json)] : lines
      for (const row of rows) process.stdout.write(`${row}\n`)
    },
    readSecret: async (question) => (ask === undefined ? readInput() : await ask(question)),
  }
}

/** All of standard input. */
export function readInput(): string {
  const text = readFileSync(0, 'utf8')
  if (text.trim() !== '') return text
  throw new ClientFault(exitCodes.usage, 'INPUT_EMPTY', 'standard input is empty')
}

/** A file that a person names. */
export function readGiven({ env }: WalletRun, name: string): string {
  try {
    return readFileSync(resolve(env.AITBC_CWD ?? '.', name), 'utf8')
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new ClientFault(exitCodes.notFound, 'FILE_UNREADABLE', `${name}: ${reason}`)
  }
}
