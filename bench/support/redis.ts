/**
 * Redis and BullMQ: what the coordinator is compared with. Both come into a folder of the benchmark's own
 * and are no dependencies of the project: BullMQ from npm, Redis from PATH or else from Debian's packages,
 * unpacked and not installed.
 */
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { connect } from 'node:net'
import { join } from 'node:path'
import { inRoot } from '../../scripts/setup/paths.ts'
import { findFreePort, host } from '../../scripts/setup/port.ts'
import { endOf } from './child-end.ts'
import { say } from './report.ts'

/** A running server; `version` as it names itself. */
export type Redis = {
  readonly port: number
  readonly pid: number
  readonly version: string
  readonly stop: () => Promise<void>
}

/** `none` keeps nothing on disk; `always` answers when the write is there. */
export type Durability = 'none' | 'always'

/** As much of BullMQ as is used here. */
export type BullMq = {
  readonly Queue: new (
    name: string,
    options: object,
  ) => {
    readonly add: (name: string, data: unknown, options?: object) => Promise<{ id?: string }>
    readonly waitUntilReady: () => Promise<unknown>
    readonly close: () => Promise<void>
  }
  readonly Worker: new (
    name: string,
    work: (job: { readonly data: unknown }) => Promise<unknown>,
    options: object,
  ) => {
    readonly on: (event: 'completed' | 'error', listener: () => void) => void
    readonly waitUntilReady: () => Promise<unknown>
    readonly close: () => Promise<void>
  }
}

export const bullMqVersion = '6.7.0'
const ioRedisVersion = '6.0.0'

const folder = inRoot('.cache', 'bench-redis')
const packages = [
  'redis-server',
  'redis-tools',
  ...['libatomic1', 'libhiredis0.14', 'libjemalloc2', 'liblua5.1-0', 'liblzf1'],
  ...['lua-bitop', 'lua-cjson'],
]
const installMs = 120_000
const startTries = 100
const startPauseMs = 50

/** The library, after installing it where need be; undefined, and a line that says why, when it cannot be. */
export function loadBullMq(): BullMq | undefined {
  const manifest = join(folder, 'package.json')
  if (!existsSync(join(folder, 'node_modules', 'bullmq'))) {
    mkdirSync(folder, { recursive: true })
    writeFileSync(manifest, '{"private":true}\n')
    const wanted = [`bullmq@${bullMqVersion}`, `ioredis@${ioRedisVersion}`]
    const args = ['install', '--no-audit', '--no-fund', '--loglevel=error', ...wanted]
    const done = spawnSync('npm', args, {
      cwd: folder,
      stdio: ['ignore', 2, 2],
      timeout: installMs,
    })
    if (done.status !== 0) {
      say('bullmq could not be installed; going on without')
      return undefined
    }
  }
  return createRequire(manifest)('bullmq') as BullMq
}

/** Starts a server with fresh state; undefined, and a line that says why, when there is none. */
export async function startRedis(durability: Durability): Promise<Redis | undefined> {
  const program = findServer()
  if (!program) {
    say('redis-server is not on PATH and could not be fetched; going on without')
    return undefined
  }
  mkdirSync(folder, { recursive: true })
  const data = mkdtempSync(join(folder, 'data-'))
  const port = await findFreePort()
  const kept = durability === 'always' ? ['yes', '--appendfsync', 'always'] : ['no']
  const child = spawn(
    program.path,
    [
      ...['--bind', host, '--port', String(port), '--dir', data, '--save', ''],
      ...['--appendonly', ...kept],
    ],
    { stdio: 'ignore', env: { ...process.env, ...program.env } },
  )
  const ended = endOf(child)
  const stop = async (): Promise<void> => {
    child.kill('SIGKILL')
    await ended
    rmSync(data, { recursive: true, force: true })
  }
  try {
    await answering(port)
  } catch (error) {
    await stop()
    say(`redis does not answer: ${String(error)}`)
    return undefined
  }
  return { port, pid: child.pid as number, version: program.version, stop }
}

type Program = {
  readonly path: string
  readonly env: Readonly<Record<string, string>>
  readonly version: string
}

function findServer(): Program | undefined {
  const installed = asProgram('redis-server', {})
  if (installed) return installed
  const root = join(folder, 'root')
  const libraries = join(root, 'usr', 'lib')
  const unpacked = (): Program | undefined =>
    existsSync(libraries)
      ? asProgram(join(root, 'usr', 'bin', 'redis-server'), {
          LD_LIBRARY_PATH: readdirSync(libraries)
            .map((name) => join(libraries, name))
            .join(':'),
        })
      : undefined
  return unpacked() ?? (fetchPackages(root) ? unpacked() : undefined)
}

function asProgram(path: string, env: Readonly<Record<string, string>>): Program | undefined {
  const done = spawnSync(path, ['--version'], { env: { ...process.env, ...env }, encoding: 'utf8' })
  const version = /v=([0-9.]+)/.exec(done.stdout ?? '')?.[1]
  return version === undefined ? undefined : { path, env, version }
}

function fetchPackages(root: string): boolean {
  mkdirSync(root, { recursive: true })
  const options = { cwd: folder, stdio: 'ignore' as const, timeout: installMs }
  if (spawnSync('apt-get', ['download', ...packages], options).status !== 0) return false
  const files = readdirSync(folder).filter((name) => name.endsWith('.deb'))
  return files.every((file) => spawnSync('dpkg-deb', ['-x', file, root], options).status === 0)
}

async function answering(port: number): Promise<void> {
  for (let left = startTries; ; left--) {
    const isThere = await new Promise<boolean>((resolve) => {
      const socket = connect(port, host, () => socket.end('PING\r\n'))
      socket.once('data', (data) => resolve(String(data).startsWith('+PONG')))
      socket.once('error', () => resolve(false))
    })
    if (isThere) return
    if (left === 0) throw new Error('it never did')
    await new Promise((resolve) => setTimeout(resolve, startPauseMs))
  }
}
