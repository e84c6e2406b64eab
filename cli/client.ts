#!/usr/bin/env node
/**
 * `client`: asks a model on the network, pays, and checks every proof. Answers go to stdout, everything
 * else to stderr; exit codes in exit-codes.ts, and 0 only for what was verified. See `client --help`.
 */
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { formatCoins } from '../core/base/amount.ts'
import { bytesEqual, toHex } from '../core/base/bytes.ts'
import { isLoopback } from '../core/base/loopback.ts'
import { genesisHash as hashOfGenesis } from '../core/chain/genesis.ts'
import { addressOf, formatAddress } from '../core/crypto/address.ts'
import { nobleVerifier } from '../core/crypto/ed25519.ts'
import { type AskReport, ask } from './ask.ts'
import { openClientStore } from './client-state.ts'
import { ClientFault, type ExitCode, exitCodes } from './exit-codes.ts'
import { ensureFunds } from './funds.ts'
import { aitbcHome } from './home.ts'
import { limitOf, specOf } from './job.ts'
import { openKey, terminalPrompt } from './key-store.ts'
import { checkSite, readGenesisFile } from './known-sites.ts'
import { type ClientOptions, parseOptions } from './options.ts'
import type { Session } from './session.ts'
import { createSiteClient, faultOf } from './site-client.ts'
import { findModel, readSiteInfo } from './site-info.ts'

process.exitCode = await main(process.argv.slice(2), process.env)
// Idle keep-alive connections must not hold the process.
process.exit()

async function main(argv: readonly string[], env: NodeJS.ProcessEnv): Promise<ExitCode> {
  const options = parseOptions(argv)
  if (!options.ok) {
    if (options.error.code === 'SHOWN') return exitCodes.ok
    process.stderr.write(`client: ${options.error.message}\n(client --help lists the options)\n`)
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
    await run(options.value, env, stopper.signal)
    return exitCodes.ok
  } catch (error) {
    return report(options.value, faultOf(error, options.value.api, stopper.signal))
  }
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
  const info = await readSiteInfo(site)
  const { genesis } = await site.status()
  const genesisHash = hashOfGenesis(genesis)
  if (!bytesEqual(genesisHash, info.genesis_hash)) {
    const message = 'the site names another chain than the one whose genesis it shows'
    throw new ClientFault(exitCodes.server, 'ANSWER_INVALID', message)
  }
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
  const path = join(home, 'clients', `${options.clientId}.key.json`)
  const { signer, made } = await openKey({ path, env, ask: terminalPrompt() })
  if (made) say(`made a key pair: ${formatAddress(addressOf(signer.publicKey))}`)
  return {
    options,
    site,
    info,
    genesis,
    genesisHash,
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

function report(options: ClientOptions, fault: ClientFault): ExitCode {
  const { code, message, exitCode } = fault
  process.stderr.write(`client: ${message} (${code})\n`)
  if (options.output === 'json') {
    process.stdout.write(`${JSON.stringify({ ok: false, error: { code, message } })}\n`)
  }
  return exitCode
}
