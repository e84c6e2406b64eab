/**
 * Stands in for what sets a service up on a Linux machine: `sudo`, `systemctl`, `journalctl`, `useradd`.
 * System folders lie under AITBC_STAND_IN_ROOT, so that nothing of this machine changes; a path below
 * `/etc`, `/opt`, `/usr/local` or `/var/lib` means one there. The first argument names the program.
 */
import { spawnSync } from 'node:child_process'
import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { unitFaults } from './unit-file.ts'

const root = process.env['AITBC_STAND_IN_ROOT'] ?? ''
const users = join(root, 'etc', 'passwd')
const [program = '', ...args] = process.argv.slice(2)

if (root === '') fail('there is no folder to stand in for the system')

const verbs = 'start stop restart enable disable status is-active is-enabled cat'.split(' ')

/** Where a path of the system lies here. */
const local = (path: string): string =>
  /^\/(?:etc|opt|usr\/local|var\/lib)(?:\/|$)/.test(path) ? join(root, path) : path

const programs: Readonly<Record<string, (args: string[]) => void>> = {
  sudo,
  systemctl,
  journalctl,
  useradd,
}

programs[program]?.(args)

/** Programs that a set-up runs as root, besides those here. */
function sudo(words: string[]): void {
  const [first, name] = words
  if (first === '-u') {
    requireUser(name ?? '')
    sudo(words.slice(2))
    return
  }
  const [command = '', ...rest] = words
  const own = programs[command]
  if (own) {
    own(rest)
    return
  }
  const plain = ['cat', 'chmod', 'cp', 'curl', 'install', 'ls', 'mkdir', 'rm', 'tee', 'test']
  if (command === 'chown') {
    requireUser((rest.at(-2) ?? '').split(':')[0] ?? '')
    return
  }
  if (!plain.includes(command)) fail(`sudo ${command} is nothing that a page should ask for`)
  const mapped = (command === 'install' ? withoutOwner(rest) : rest).map(local)
  process.exitCode = spawnSync(command, mapped, { stdio: 'inherit' }).status ?? 1
}

/** `install -o USER -g GROUP`: the user must exist; files here stay ours. */
function withoutOwner(words: string[]): string[] {
  const at = words.findIndex((word) => word === '-o' || word === '-g')
  if (at < 0) return words
  requireUser(words[at + 1] ?? '')
  return withoutOwner([...words.slice(0, at), ...words.slice(at + 2)])
}

function useradd(words: string[]): void {
  const known = /^--(?:system|create-home|user-group|no-create-home)$|^-[rmU]$/
  const withValue = /^--(?:home-dir|shell|gid|comment)$|^-[dsgc]$/
  const names: string[] = []
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index] ?? ''
    if (withValue.test(word)) index += 1
    else if (word.startsWith('-') && !known.test(word)) fail(`useradd: no option ${word}`)
    else if (!word.startsWith('-')) names.push(word)
  }
  if (names.length !== 1) fail('useradd: one name is wanted')
  mkdirSync(dirname(users), { recursive: true })
  appendFileSync(users, `${names[0]}:x:999:999::/nonexistent:/usr/sbin/nologin\n`)
}

function requireUser(name: string): void {
  const known = existsSync(users) ? readFileSync(users, 'utf8') : ''
  if (name !== 'root' && !known.includes(`${name}:`)) fail(`there is no user ${name}`)
}

function systemctl(words: string[]): void {
  const isUser = words.includes('--user')
  const options = words.filter((word) => word.startsWith('-'))
  const bad = options.find(
    (word) => !['--user', '--now', '--no-pager', '--full', '-l'].includes(word),
  )
  if (bad !== undefined) fail(`systemctl: unrecognized option '${bad}'`)
  const [verb = '', ...units] = words.filter((word) => !word.startsWith('-'))
  if (verb === 'daemon-reload' && units.length === 0) return
  if (!verbs.includes(verb)) fail(`Unknown command verb '${verb}'.`)
  if (units.length === 0) fail('Too few arguments.')
  for (const unit of units) act(verb, { unit, isUser, isNow: options.includes('--now') })
}

type Action = { readonly unit: string; readonly isUser: boolean; readonly isNow: boolean }

function act(verb: string, { unit, isUser, isNow }: Action): void {
  const name = unit.endsWith('.service') ? unit : `${unit}.service`
  const text = readUnit(name, isUser)
  const state = join(root, 'run', name)
  if (verb === 'cat') console.log(text)
  if (verb === 'enable' && !text.includes('WantedBy=')) fail(`${name} has no [Install] section`)
  if (verb === 'start' || verb === 'restart' || (verb === 'enable' && isNow)) {
    for (const fault of unitFaults(text, local)) fail(`${name}: ${fault}`)
    mkdirSync(dirname(state), { recursive: true })
    writeFileSync(state, '')
  }
  if (verb === 'stop' || (verb === 'disable' && isNow)) rmSync(state, { force: true })
  const isActive = existsSync(state)
  if (verb === 'is-active') console.log(isActive ? 'active' : 'inactive')
  if (verb === 'status')
    console.log(`● ${name}\n     Active: ${isActive ? 'active (running)' : 'inactive (dead)'}`)
  if (/^(?:status|is-active)$/.test(verb) && !isActive) process.exitCode = 3
}

function readUnit(name: string, isUser: boolean): string {
  const path = isUser
    ? join(process.env['HOME'] ?? '', '.config', 'systemd', 'user', name)
    : join(root, 'etc', 'systemd', 'system', name)
  if (!existsSync(path)) fail(`Unit ${name} could not be found.`)
  return readFileSync(path, 'utf8')
}

function journalctl(words: string[]): void {
  const isUser = words.includes('--user')
  const at = words.findIndex((word) => word === '-u' || word === '--unit')
  const unit = words[at + 1]
  if (at < 0 || unit === undefined) fail('journalctl: name a unit with -u')
  const others = words.filter((_, index) => index !== at && index !== at + 1)
  const known =
    /^(?:--user|-f|--follow|--no-pager|-e|-n|--lines=\d+|--since=.*|--since|-o|cat|json|\d+|today)$/
  const bad = others.find((word) => !known.test(word))
  if (bad !== undefined) fail(`journalctl: unrecognized option '${bad}'`)
  readUnit(unit.endsWith('.service') ? unit : `${unit}.service`, isUser)
  console.log('-- No entries --')
  if (others.includes('-f') || others.includes('--follow')) setInterval(() => undefined, 60_000)
}

function fail(message: string): never {
  console.error(message)
  process.exit(1)
}
