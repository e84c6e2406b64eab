/** scripts/run.mjs, the door to every command, in a project of its own with one command. */
import { type ChildProcess, spawn } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { inRoot } from '../../../scripts/setup/paths.ts'

const probe = `
const [first = '', ...args]: string[] = process.argv.slice(2)
let interrupts = 0
if (first === 'exit') process.exit(Number(args[0]))
else if (first === 'wait') {
  process.on('SIGINT', () => void interrupts++)
  process.on('SIGTERM', () => {
    console.log('interrupts', interrupts)
    process.exit(7)
  })
  setInterval(() => undefined, 1_000)
  console.log('waiting')
} else console.log(JSON.stringify({ node: process.version, cwd: process.cwd(), first, args }))
`

let folder: string

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'aitbc-door-'))
  mkdirSync(join(folder, 'scripts', 'setup'), { recursive: true })
  for (const path of ['scripts/run.mjs', 'scripts/setup/follow-parent.mjs', 'package-lock.json']) {
    cpSync(inRoot(path), join(folder, path))
  }
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}')
  writeFileSync(join(folder, 'scripts', 'probe.ts'), probe)
  writeFileSync(join(folder, 'scripts', 'probe-again.ts'), probe)
  symlinkSync(inRoot('node_modules'), join(folder, 'node_modules'))
})
afterAll(() => rmSync(folder, { recursive: true }))

test('arguments, folder and the pinned Node reach the program', async () => {
  const { output, code } = await open('probe', '--id', 'x y').ended
  expect(code).toBe(0)
  const { node, cwd, first, args } = JSON.parse(output)
  expect({ cwd, first, args }).toEqual({ cwd: folder, first: '--id', args: ['x y'] })
  expect(node).toMatch(/^v24\./)
})

test('the exit code comes back', async () => {
  expect((await open('probe', 'exit', '3').ended).code).toBe(3)
})

test('a command of two words is found by its colon', async () => {
  expect((await open('probe:again', 'exit', '4').ended).code).toBe(4)
  const { code, output } = await open('probe-again').ended
  expect(code).toBe(1)
  expect(output).toContain('probe:again')
})

test('an unknown command is refused with the list of commands', async () => {
  for (const command of ['nothing', '../probe', 'setup/site', 'constructor']) {
    const { code, output } = await open(command).ended
    expect(code).toBe(1)
    expect(output).toMatch(/unknown command .*: .*probe/)
  }
})

test('an interrupt that comes twice reaches the program once', async () => {
  const door = open('probe', 'wait')
  await door.saw('waiting')
  door.child.kill('SIGINT')
  door.child.kill('SIGINT')
  await new Promise((resolve) => setTimeout(resolve, 200))
  door.child.kill('SIGTERM')
  const { code, output } = await door.ended
  expect(output).toContain('interrupts 1')
  expect(code).toBe(7)
})

test('the program ends in order when the door is killed', async () => {
  const door = open('probe', 'wait')
  await door.saw('waiting')
  door.child.kill('SIGKILL')
  await door.saw('interrupts 0')
})

/** Runs the door; `ended` resolves when its output, which the program shares, is closed too. */
function open(...args: string[]) {
  const child: ChildProcess = spawn(process.execPath, ['scripts/run.mjs', ...args], { cwd: folder })
  let output = ''
  const listeners = new Set<() => void>()
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk: Buffer) => {
      output += chunk.toString()
      for (const listener of listeners) listener()
    })
  }
  const ended = new Promise<{ code: number | null; output: string }>((resolve) => {
    child.once('close', (code) => resolve({ code, output }))
  })
  const saw = (text: string) =>
    new Promise<void>((resolve) => {
      const look = () => {
        if (output.includes(text)) resolve()
      }
      listeners.add(look)
      look()
    })
  return { child, ended, saw }
}
