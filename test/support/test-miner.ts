/** Our miner agent inside the test's process, as `miner` starts it: own key, real engine, real socket. */
import { mkdtempSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { addressOf, formatAddress } from '../../core/crypto/address.ts'
import { parseConfig } from '../../miner-agent/config.ts'
import { openHost } from '../../miner-agent/host.ts'
import { createLogger } from '../../miner-agent/log.ts'
import { readCard, startSession } from '../../miner-agent/session.ts'

export type TestMiner = {
  readonly id: string
  /** Who is paid. */
  readonly address: string
  readonly publicKey: Uint8Array
  /** What it logged, a line an entry. */
  readonly log: readonly string[]
  /** Drops everything and ends. */
  stop(): Promise<void>
}

export type TestMinerOptions = {
  readonly id?: string
  /** Further options of the command line; the embedded engine without a GPU by default. */
  readonly argv?: readonly string[]
}

/** Starts a miner and waits until the site has welcomed it. */
export async function startTestMiner(
  api: string,
  options: TestMinerOptions = {},
): Promise<TestMiner & AsyncDisposable> {
  const { id = 'miner-A', argv = ['--engine', 'embedded'] } = options
  const home = mkdtempSync(join(tmpdir(), 'aitbc-miner-'))
  const env = { AITBC_HOME: home, AITBC_KEY_PASSWORD: 'a password that programs take' }
  const config = parseConfig(['--id', id, '--api', api, '--gpu', 'none', ...argv], env)
  if (!config.ok) throw new Error(config.error.message)
  const lines: string[] = []
  let welcomed: () => void = () => undefined
  const isWelcome = new Promise<void>((resolve) => {
    welcomed = resolve
  })
  const log = createLogger({
    format: 'json',
    level: 'debug',
    nowMs: Date.now,
    write: (line) => {
      lines.push(line)
      if (line.includes('"event":"connected"')) welcomed()
    },
  })
  const host = await openHost(config.value, { env, ask: undefined, log })
  if (!host.ok) throw new Error(host.error.message)
  const card = await readCard(config.value, host.value, log)
  const session = startSession({ config: config.value, host: host.value, card, log })
  const gone = session.ended.then((code) => {
    throw new Error(`the miner ended with ${code}:\n${lines.join('')}`)
  })
  await Promise.race([isWelcome, gone])
  gone.catch(() => undefined)
  const stop = async () => {
    session.abort()
    await session.ended
    await rm(home, { recursive: true, force: true })
  }
  const { publicKey } = host.value.signer
  return {
    id,
    address: formatAddress(addressOf(publicKey)),
    publicKey,
    log: lines,
    stop,
    [Symbol.asyncDispose]: stop,
  }
}
