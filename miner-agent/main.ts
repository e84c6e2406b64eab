#!/usr/bin/env node
/**
 * `miner`: sells inference on this machine to a site. See `miner --help`; exit codes in exit-codes.ts.
 */
import { type AgentConfig, parseConfig } from './config.ts'
import { printEarnings } from './earnings.ts'
import { exitCodes } from './exit-codes.ts'
import { openHost } from './host.ts'
import { terminalPrompt } from './key-store.ts'
import { createLogger, type Logger } from './log.ts'
import { serveMetrics } from './metrics.ts'
import { readCard, startSession } from './session.ts'

process.exitCode = await main(process.argv.slice(2), process.env)
// Idle keep-alive connections of the engine's client must not hold the process.
process.exit()

async function main(argv: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  if (argv[0] === 'earnings') {
    return await printEarnings(argv.slice(1), env, {
      write: (text) => process.stdout.write(text),
      complain: (text) => process.stderr.write(text),
    })
  }
  const config = parseConfig(argv, env)
  if (!config.ok) {
    if (config.error.code === 'SHOWN') return exitCodes.ok
    process.stderr.write(`miner: ${config.error.message}\n(miner --help lists the options)\n`)
    return exitCodes.usage
  }
  const log = createLogger({
    format: config.value.log,
    level: config.value.verbose ? 'debug' : 'info',
    write: (line) => process.stderr.write(line),
    nowMs: Date.now,
  })
  return await run(config.value, env, log)
}

async function run(config: AgentConfig, env: NodeJS.ProcessEnv, log: Logger): Promise<number> {
  const host = await openHost(config, { env, ask: terminalPrompt(), log })
  if (!host.ok) {
    process.stderr.write(`miner: ${host.error.message}\n`)
    return host.error.exitCode
  }
  const card = await readCard(config, host.value, log)
  if (config.dryRun) {
    process.stdout.write(`${JSON.stringify(card, undefined, 2)}\n`)
    await host.value.journal.end()
    return exitCodes.ok
  }
  const session = startSession({ config, host: host.value, card, log })
  const { metricsAddress } = config
  const metrics =
    metricsAddress === undefined
      ? undefined
      : await serveMetrics(metricsAddress, () => session.report())
  if (metrics?.ok === false) {
    process.stderr.write(`miner: ${metrics.error.message}\n`)
    session.abort()
    await session.ended
    return exitCodes.usage
  }
  let asked = false
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
    process.on(signal, () => {
      // The second time, nobody wants to wait any more.
      if (asked) session.abort()
      else session.drain()
      asked = true
    })
  }
  return await session.ended
}
