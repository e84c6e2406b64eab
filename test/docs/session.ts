/**
 * The shell session of one page: its snippets run in order in one folder, and what one exports the next
 * ones have.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { parse as parseYaml } from 'yaml'
import type { Block, How } from './blocks.ts'
import { missingField, missingLine } from './expectations.ts'
import { type Running, startProgram } from './programs.ts'
import type { World } from './world.ts'

export type Session = {
  /** Runs one block, or compares it with what the one before said. Throws what went wrong. */
  play(block: Block): Promise<void>
  /** Ends what stayed. */
  end(): Promise<void>
}

type Run = Extract<How, { kind: 'run' }>

/** Longest that a snippet may take, and that its output may be late. */
const runMsMax = 150_000
const lateMsMax = 20_000

/** Opens a session; `page`: a name for its home. */
export async function openSession(world: World, page: string): Promise<Session> {
  const home = world.checkout.folder(`home-${page}`)
  const scratch = world.checkout.folder(`shell-${page}`)
  const stateFile = join(scratch, 'environment.sh')
  writeFileSync(stateFile, `cd '${world.checkout.path}'\n`)
  const ports = await world.freePorts()
  const stayed: Running[] = []
  let last: Running | undefined
  let broken: Block | undefined

  const run = async (block: Block, how: Run) => {
    last = await start(block, how)
    if (how.stays !== undefined) {
      stayed.push(last)
      const { stays } = how
      const isUp = (output: string) => (output.includes(ports.localText(stays)) ? true : undefined)
      if (await last.until(isUp, runMsMax)) return
      throw failure(block, `never said “${stays}”`, last)
    }
    await last.until(() => undefined, runMsMax)
    const code = await Promise.race([last.ended, Promise.resolve('no end')])
    if (code === how.exit) return
    stayed.push(last)
    throw failure(block, code === 'no end' ? 'did not end' : `ended with ${code}`, last)
  }

  const start = async (block: Block, how: Run): Promise<Running> => {
    const text = ports.localText(block.text)
    if (text.trim() === 'npm start') return world.site()
    const script = join(scratch, `line-${block.line}.sh`)
    const lines = how.language === 'sh' ? text : `node ${writeModule(block, text)}\n`
    const standIn = how.standIn === undefined ? undefined : await world.standIn(how.standIn)
    writeFileSync(script, shellScript({ stateFile, lines, first: standIn?.folder }))
    const env = { ...world.environment, ...ports.variables, ...standIn?.variables, HOME: home }
    return startProgram('bash', ['--noprofile', '--norc', script], {
      cwd: world.checkout.path,
      env,
    })
  }

  const writeModule = (block: Block, text: string): string => {
    const name = `snippet-${page}-${block.line}.mjs`
    writeFileSync(join(world.checkout.path, name), text)
    return `'${join(world.checkout.path, name)}'`
  }

  const compare = async (block: Block, missing: (program: Running) => string | undefined) => {
    if (!last) throw new Error(`${place(block)} has no program before it`)
    const program = last
    const isSaid = () => (missing(program) === undefined ? true : undefined)
    // A program that stays may say it a little later.
    await program.until(isSaid, lateMsMax)
    const fault = missing(program)
    if (fault !== undefined) throw failure(block, fault, program)
  }

  const play = async (block: Block) => {
    const { how } = block
    switch (how.kind) {
      case 'fault':
        throw new Error(`${place(block)} ${how.fault}`)
      case 'run':
        return run(block, how)
      case 'file': {
        const path = join(world.checkout.path, how.name)
        mkdirSync(dirname(path), { recursive: true })
        writeFileSync(path, ports.localText(block.text))
        return
      }
      case 'output': {
        const shown = ports.localText(block.text)
        return compare(block, ({ output }) => missingLine(shown, output()))
      }
      case 'answer': {
        const shown = ports.localText(block.text)
        return compare(block, ({ stdout }) => missingField(shown, stdout()))
      }
      case 'shown':
        return checkShown(how.language, block.text)
    }
  }

  return {
    play: async (block) => {
      if (broken) throw new Error(`not reached: ${place(broken)} failed`)
      try {
        await play(block)
      } catch (error) {
        // Data that does not fit spoils nothing that comes after it.
        if (block.how.kind === 'run' || block.how.kind === 'file') broken = block
        throw error
      }
    },
    end: async () => {
      for (const program of stayed.reverse()) if (!world.isShared(program)) await program.stop()
    },
  }
}

type Script = {
  readonly stateFile: string
  readonly lines: string
  /** A folder that comes first on PATH, for these lines alone. */
  readonly first: string | undefined
}

/** Runs `lines` as a person's shell would, but stops at the first line that fails. */
function shellScript({ stateFile, lines, first = '' }: Script): string {
  return `source '${stateFile}'
PATH="${first === '' ? '' : `${first}:`}$PATH"
trap 'code=$?; PATH="\${PATH#${first}:}"; { declare -px; printf "cd %q\\n" "$PWD"; } >"${stateFile}"; exit $code' EXIT
set -e -o pipefail
${lines}
`
}

function checkShown(language: string, text: string): void {
  if (language === 'json') JSON.parse(text)
  if (language === 'yaml') parseYaml(text)
}

const place = ({ file, line }: Block): string => `${file}:${line}`

function failure(block: Block, what: string, program: Running): Error {
  const said = program.output().split('\n').slice(-40).join('\n')
  return new Error(`${place(block)} ${what}\n${block.text}--- it said:\n${said}`)
}
