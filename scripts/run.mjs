// The door to every npm script. Plain JavaScript that needs nothing installed, so that a fresh clone
// can run it: checks Node, installs the locked dependencies when they are missing or stale, then
// hands over to a TypeScript program and passes signals and its exit code through.
//
//   node scripts/run.mjs COMMAND [args…]

import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { constants } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const nodeMin = [20, 19]
const root = dirname(dirname(fileURLToPath(import.meta.url)))
const modules = join(root, 'node_modules')
const stampPath = join(modules, '.aitbc-lock-hash')

// These two also run on the Node that the newcomer has; the others need the newer, pinned one.
const programs = { miner: 'miner-agent/main.ts', client: 'cli/client.ts' }

main(process.argv.slice(2))

function main([command, ...args]) {
  checkNode()
  const program = programOf(command)
  install()
  const followParent = join(root, 'scripts', 'setup', 'follow-parent.mjs')
  const rest = ['--import', pathToFileURL(followParent).href, join(root, program), ...args]
  if (command in programs) {
    // Reads TypeScript on any Node.
    const loader = join(modules, 'tsx', 'dist', 'loader.mjs')
    run(process.execPath, ['--import', pathToFileURL(loader).href, ...rest])
  } else run(join(modules, '.bin', 'node'), rest)
}

function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number)
  if (major > nodeMin[0] || (major === nodeMin[0] && minor >= nodeMin[1])) return
  fail(`Node ${nodeMin.join('.')} or newer is needed; this is ${process.versions.node}.`)
}

function programOf(command) {
  if (command !== undefined && Object.hasOwn(programs, command)) return programs[command]
  if (command !== undefined && /^[a-z]+(?::[a-z]+)?$/.test(command)) {
    const path = `scripts/${command.replace(':', '-')}.ts`
    if (existsSync(join(root, path))) return path
  }
  const scripts = readdirSync(join(root, 'scripts')).filter((name) => name.endsWith('.ts'))
  const named = scripts.map((name) => name.slice(0, -3).replace('-', ':'))
  const commands = [...named, ...Object.keys(programs)].sort()
  fail(`unknown command ${command ?? '(none)'}; there are: ${commands.join(', ')}`)
}

function install() {
  const lock = readFileSync(join(root, 'package-lock.json'), 'utf8')
  const hash = createHash('sha256').update(lock).digest('hex')
  if (stamp() === hash) return
  if (!installedMatches(JSON.parse(lock))) {
    console.error('Installing the locked dependencies (npm ci) …')
    // Output goes to stderr: a command's stdout belongs to the command (demo --json, bench).
    const result = spawnSync('npm', ['ci', '--no-fund', '--no-audit', '--loglevel=error'], {
      cwd: root,
      stdio: ['inherit', 2, 2],
    })
    if (result.error) fail(`npm could not be started: ${result.error.message}`)
    if (result.signal) process.exit(128 + constants.signals[result.signal])
    if (result.status !== 0) fail(`npm ci failed with exit code ${result.status}`)
  }
  writeFileSync(stampPath, hash)
}

function stamp() {
  return existsSync(stampPath) ? readFileSync(stampPath, 'utf8') : ''
}

// npm leaves a copy of what it really installed in node_modules. Where every package in it is the
// locked one and only optional ones (other platforms) are absent, there is nothing to install.
function installedMatches(lock) {
  const path = join(modules, '.package-lock.json')
  if (!existsSync(path) || !existsSync(join(modules, '.bin', 'node'))) return false
  const installed = JSON.parse(readFileSync(path, 'utf8')).packages
  return Object.entries(lock.packages).every(([name, { version, optional, peer }]) => {
    if (name === '') return true
    const found = installed[name]
    return found === undefined ? Boolean(optional || peer) : found.version === version
  })
}

// The child leads a process group of its own, so a Ctrl-C at the terminal reaches it through us and
// exactly once: npm repeats the terminal's signal, and repeats inside a second are dropped.
function run(node, args) {
  const child = spawn(node, args, {
    cwd: root,
    stdio: 'inherit',
    detached: true,
    env: {
      ...process.env,
      PATH: `${join(modules, '.bin')}${delimiter}${process.env.PATH ?? ''}`,
      // Relative paths that a person types mean the folder where they typed them.
      AITBC_CWD: process.env.INIT_CWD ?? process.cwd(),
    },
  })
  const lastMs = {}
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => {
      const nowMs = Date.now()
      if (nowMs - (lastMs[signal] ?? 0) > 1_000) child.kill(signal)
      lastMs[signal] = nowMs
    })
  }
  child.on('error', (error) => fail(`${node} could not be started: ${error.message}`))
  child.on('exit', (code, signal) => process.exit(signal ? 128 + constants.signals[signal] : code))
}

function fail(message) {
  console.error(message)
  process.exit(1)
}
