/**
 * A site's process: started by `site.ts`, told what to do by messages. It ends when it is told to,
 * and also when the program that started it goes away, however hard that ended.
 */
import type { Miniflare } from 'miniflare'
import type { FromSite, ToSite } from './site-messages.ts'
import { fireCron, runtimePid, startRuntime } from './site-runtime.ts'

let miniflare: Miniflare | undefined
let cronTimer: NodeJS.Timeout | undefined
let stopping = false

process.on('message', (message: ToSite) => {
  if (message.kind === 'start') void start(message)
  else if (message.kind === 'cron') void cron(message.id)
  else void stop(0)
})
process.on('disconnect', () => void stop(0))
// A terminal's signals go to the program that started us; it decides when this site ends.
process.on('SIGINT', () => undefined)
process.on('SIGTERM', () => void stop(0))

async function start(message: ToSite & { kind: 'start' }): Promise<void> {
  const { port } = message
  try {
    miniflare = await startRuntime({
      port,
      statePath: message.statePath,
      vars: message.vars,
      workerPort: message.workerPort,
      onLog: (level, text) => tell({ kind: 'log', level, message: text }),
      onRestart: () => tell({ kind: 'restarted', runtimePid: runtimePid(port) }),
    })
  } catch (error) {
    tell({ kind: 'failed', message: error instanceof Error ? error.message : String(error) })
    await stop(1)
    return
  }
  if (stopping) return
  if (message.cronEveryMs > 0) cronTimer = setInterval(() => void cron(0), message.cronEveryMs)
  tell({ kind: 'ready', runtimePid: runtimePid(port) })
}

async function cron(id: number): Promise<void> {
  const answer: FromSite = { kind: 'cron', id }
  try {
    if (miniflare === undefined) throw new Error('the site is not ready')
    await fireCron(miniflare)
  } catch (error) {
    answer.error = error instanceof Error ? error.message : String(error)
  }
  tell(answer)
}

async function stop(code: number): Promise<void> {
  if (stopping) return
  stopping = true
  clearInterval(cronTimer)
  await miniflare?.dispose().catch(() => undefined)
  process.exit(code)
}

function tell(message: FromSite): void {
  if (process.connected) process.send?.(message)
}
