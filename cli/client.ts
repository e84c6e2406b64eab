#!/usr/bin/env node
/**
 * `client`: asks a model on the network, pays, and checks every proof. Answers go to stdout, everything
 * else to stderr; exit codes in exit-codes.ts, and 0 only for what was verified. Beside it stand commands:
 * `client --help` lists them, and `client COMMAND --help` says what each takes.
 */
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { formatCoins } from '../core/base/amount.ts'
import { bytesEqual, toHex } from '../core/base/bytes.ts'
import { isLoopback } from '../core/base/loopback.ts'
import { ok, type Result } from '../core/base/result.ts'
import { genesisHash as hashOfGenesis } from '../core/chain/genesis.ts'
import { addressOf, formatAddress } from '../core/crypto/address.ts'
import { nobleVerifier } from '../core/crypto/ed25519.ts'
import { adminGroup, runAdmin } from './admin-command.ts'
import { type AskReport, ask } from './ask.ts'
import { openClientStore } from './client-state.ts'
import { ClientFault, type ExitCode, exitCodes } from './exit-codes.ts'
import { ensureFunds } from './funds.ts'
import { parseGroup } from './group-options.ts'
import { aitbcHome } from './home.ts'
import { limitOf, specOf } from './job.ts'
import { runJobs } from './job-command.ts'
import { jobActions, parseJobOptions } from './job-options.ts'
import { openKey, terminalPrompt } from './key-store.ts'
import { keysGroup, runKeys } from './keys-command.ts'
import { checkSite, readGenesisFile } from './known-sites.ts'
import { openLight } from './light.ts'
import { runMarket } from './market-command.ts'
import { parseMarketOptions } from './market-options.ts'
import { minerGroup, runMiner } from './miner-command.ts'
import { type ClientOptions, commandNames, type OptionsError, parseOptions } from './options.ts'
import { patiently } from './patience.ts'
import type { Session } from './session.ts'
import { createSiteClient, faultOf, type SiteClient } from './site-client.ts'
import { findModel, readSiteInfo } from './site-info.ts'
import { parseVerifyOptions, runVerify } from './verify-command.ts'
import { runWallet } from './wallet-command.ts'
import { parseWalletOptions } from './wallet-options.ts'

process.exitCode = await main(process.argv.slice(2), process.env)
// Idle keep-alive connections must not hold the process.
process.exit()

async function main(argv: readonly string[], env: NodeJS.ProcessEnv): Promise<ExitCode> {
  const [name = ''] = argv
  const options = optionsOf(argv)
  if (!options.ok) {
    if (options.error.code === 'SHOWN') return exitCodes.ok
    const program = commandNames.includes(name) ? `client ${name}` : 'client'
    process.stderr.write(
      `client: ${options.error.message}\n(${program} --help lists the options)\n`,
    )
    return exitCodes.usage
  }
  const stopper = new AbortController()
  const stop = () => {
    // The second time, nobody wants to wait for the cancel either.
    if (stopper.signal.aborted) process.exit(exitCodes.interrupt)
    stopper.abort()
  }
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, stop)
  try {
    await options.value.go(env, stopper.signal)
    return exitCodes.ok
  } catch (error) {
    return report(
      { output: outputOf(options.value.output) },
      faultOf(error, options.value.api, stopper.signal),
    )
  }
}

/** A command line that was read: where it goes, how it prints, and what it does. */
type Ready = {
  readonly api: URL
  readonly output: 'text' | 'json' | 'table'
  readonly go: (env: NodeJS.ProcessEnv, signal: AbortSignal) => Promise<void>
}

function optionsOf(argv: readonly string[]): Result<Ready, OptionsError> {
  const [name = ''] = argv
  const rest = argv.slice(1)
  if (jobActions.some((each) => each === name)) return ready(parseJobOptions(argv), runJobs)
  switch (name) {
    case 'verify':
      return ready(parseVerifyOptions(rest), runVerify)
    case 'marketplace':
      return ready(parseMarketOptions(rest), runMarket)
    case 'wallet':
      return ready(parseWalletOptions(rest), runWallet)
    case 'keys':
      return ready(parseGroup(keysGroup, rest), runKeys)
    case 'admin':
      return ready(parseGroup(adminGroup, rest), runAdmin)
    case 'miner':
      return ready(parseGroup(minerGroup, rest), runMiner)
    default:
      return ready(parseOptions(argv), run)
  }
}

function ready<Options extends Pick<Ready, 'api' | 'output'>>(
  parsed: Result<Options, OptionsError>,
  go: (options: Options, env: NodeJS.ProcessEnv, signal: AbortSignal) => Promise<void>,
): Result<Ready, OptionsError> {
  if (!parsed.ok) return parsed
  const { api, output } = parsed.value
  return ok({ api, output, go: (env, signal) => go(parsed.value, env, signal) })
}

async function run(
  options: ClientOptions,
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<void> {
  const prompt = readPrompt(options, env)
  const session = await openSession(options, env, signal)
  const model = findModel(session.info, options.model)
  if (session.info.notice === 'EMBEDDED_ONLY') {
    session.say('this site has only the built-in demo model: expect small answers')
  }
  const [asked, answered] = [model.price_prompt, model.price_completion].map(formatCoins)
  session.say(
    `${model.name}: from ${asked} AITBC for 1000 prompt, ${answered} for 1000 answer tokens`,
  )
  const limit = limitOf(session, model, specOf(session, model, prompt))
  const funds = await ensureFunds(session, limit)
  for (let index = 0; index < options.count; index++) {
    print(options, await ask(session, { model, prompt, funds }))
  }
}

async function openSession(
  options: ClientOptions,
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<Session> {
  const say = (line: string) => {
    if (!options.quiet) process.stderr.write(`client: ${line}\n`)
  }
  const home = aitbcHome(env)
  const pinned =
    options.genesisFile === undefined ? undefined : readGenesisFile(options.genesisFile, env)
  const site = createSiteClient(options.api, signal)
  const chain = options.rpc === undefined ? site : createSiteClient(options.rpc, signal)
  const info = await readSiteInfo(site)
  const { genesis } = await site.status()
  const genesisHash = hashOfGenesis(genesis)
  if (!bytesEqual(genesisHash, info.genesis_hash)) {
    const message = 'the site names another chain than the one whose genesis it shows'
    throw new ClientFault(exitCodes.server, 'ANSWER_INVALID', message)
  }
  await requireSameChain(options, chain, genesisHash)
  const { host, hostname } = options.api
  const trust = checkSite({
    home,
    host,
    genesis,
    pinned,
    accept: options.acceptGenesis,
    isLoopback: isLoopback(hostname),
  })
  if (trust === 'new' || trust === 'reset')
    say(`met ${host} on chain ${genesis.chainId}, genesis ${toHex(genesisHash)}`)
  const light = openLight({ home, genesis, site, verifier: nobleVerifier, checkpoint: undefined })
  // Before any money moves: is this still the chain that was verified before?
  await patiently(signal, () => light.follow())
  const path = join(home, 'clients', `${options.clientId}.key.json`)
  const { signer, made } = await openKey({ path, env, ask: terminalPrompt() })
  if (made) say(`made a key pair: ${formatAddress(addressOf(signer.publicKey))}`)
  return {
    options,
    site,
    chain,
    info,
    genesis,
    genesisHash,
    light,
    signer,
    identity: { signer, genesisHash },
    store: openClientStore(join(home, 'clients', `${options.clientId}.json`)),
    place: { genesis: toHex(genesisHash), coordinator: toHex(info.coordinator) },
    verifier: nobleVerifier,
    signal,
    say,
    show: (text) => {
      if (options.stream && options.output === 'text') process.stdout.write(text)
    },
  }
}

/** What is signed for one chain is refused by any other, but only after a gift and a wait. */
async function requireSameChain(
  options: ClientOptions,
  chain: SiteClient,
  genesisHash: Uint8Array,
): Promise<void> {
  if (options.rpc === undefined) return
  const { genesis } = await chain.status()
  if (bytesEqual(hashOfGenesis(genesis), genesisHash)) return
  const message = `--rpc ${options.rpc.host} is a site of another chain than ${options.api.host}`
  throw new ClientFault(exitCodes.conflict, 'GENESIS_MISMATCH', message)
}

function readPrompt({ prompt }: ClientOptions, env: NodeJS.ProcessEnv): string {
  if ('text' in prompt) return prompt.text
  try {
    const path = prompt.file === '-' ? 0 : resolve(env.AITBC_CWD ?? '.', prompt.file)
    const text = readFileSync(path, 'utf8').replace(/\r?\n$/, '')
    if (text !== '') return text
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new ClientFault(exitCodes.usage, 'PROMPT_UNREADABLE', `${prompt.file}: ${reason}`)
  }
  throw new ClientFault(exitCodes.usage, 'PROMPT_EMPTY', `${prompt.file} is empty`)
}

function print(options: ClientOptions, done: AskReport): void {
  if (options.output === 'json') process.stdout.write(`${JSON.stringify(done)}\n`)
  else if (options.stream) process.stdout.write('\n')
  else process.stdout.write(`${done.answer}\n`)
}

/** A table is text too. */
function outputOf(output: 'text' | 'json' | 'table'): ClientOptions['output'] {
  return output === 'table' ? 'text' : output
}

function report(options: Pick<ClientOptions, 'output'>, fault: ClientFault): ExitCode {
  const { code, message, exitCode } = fault
  process.stderr.write(`client: ${message} (${code})\n`)
  if (options.output === 'json') {
    process.stdout.write(`${JSON.stringify({ ok: false, error: { code, message } })}\n`)
  }
  return exitCode
}
