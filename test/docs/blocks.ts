/**
 * The fenced blocks of a Markdown file and what the words after their backticks ask for: see
 * `pages/docs/SPEC.md`.
 */
import createMarkdownIt from 'markdown-it'
import { type Fence, parseFence } from '../../pages/build/fence.ts'

export type Block = {
  /** File name, for titles and messages. */
  readonly file: string
  /** The line of the opening fence, from 1. */
  readonly line: number
  readonly text: string
  readonly how: How
}

export type How =
  /** Runs to its end. `stays`: text by which a program that goes on shows that it is up. */
  | {
      readonly kind: 'run'
      readonly language: 'sh' | 'js'
      readonly exit: number
      readonly stays: string | undefined
      readonly standIn: StandIn | undefined
    }
  | { readonly kind: 'file'; readonly name: string }
  | { readonly kind: 'output' }
  | { readonly kind: 'answer' }
  | { readonly kind: 'shown'; readonly language: string }
  | { readonly kind: 'fault'; readonly fault: string }

/** Programs of other vendors that a stand-in takes the place of. */
const standIns = ['ollama', 'cloudflare', 'systemd'] as const
export type StandIn = (typeof standIns)[number]

const runnable = new Map([
  ['sh', 'sh'],
  ['js', 'js'],
  ['mjs', 'js'],
] as const)

/** What may be an illustration: data and output, never a command. */
const showable = new Set(['text', 'json', 'toml', 'http', 'yaml'])

/** Every block of a file, in order. `firstLine`: the line on which `markdown` begins. */
export function blocksOf(file: string, markdown: string, firstLine = 1): Block[] {
  return new createMarkdownIt({ html: false })
    .parse(markdown, {})
    .filter(({ type }) => type === 'fence' || type === 'code_block')
    .map(({ type, info, content, map }) => ({
      file,
      line: firstLine + (map?.[0] ?? 0),
      text: content,
      how:
        type === 'fence'
          ? checked(howOf(parseFence(info)), content)
          : fault('is indented; use a fence'),
    }))
}

function howOf(fence: Fence | undefined): How {
  if (!fence) return fault('has words after its language that cannot be read')
  const { language } = fence
  const words = new Set(fence.words)
  const values = new Map(fence.values)
  words.delete('site')
  const name = values.get('as')
  if (name !== undefined) {
    if (words.size + values.size > 1) return fault('`as` goes with no other word')
    const fits = /^[\w.-]+(?:\/[\w.-]+)*$/.test(name) && !name.includes('..')
    return fits ? { kind: 'file', name } : fault(`cannot be written to ${name}`)
  }
  const [word, ...others] = words
  if (others.length > 0) return fault(`says both ${word} and ${others.join(', ')}`)
  if (word === 'run') return runOf(language, values)
  if (values.size > 0) return fault(`says ${[...values.keys()].join(', ')} without run`)
  if (word === 'output' && language === 'text') return { kind: 'output' }
  if (word === 'answer' && language === 'json') return { kind: 'answer' }
  if (word === 'shown' && showable.has(language)) return { kind: 'shown', language }
  if (word === 'shown') return fault(`${language} cannot be only shown: run it`)
  if (word === undefined) return fault('does not say how it is run, or that it is only shown')
  return fault(`says ${language} ${word}, which means nothing`)
}

/** What would change the machine, were it run as it stands. */
const systemPrograms = /(?:^|[\s;|&(])(?:sudo|systemctl|journalctl|useradd|apt|apt-get|loginctl)\s/m
const systemTarget = /(?:>|\btee\s(?:-a\s)?)\s*\/(?!dev\/)/

function checked(how: How, text: string): How {
  if (how.kind !== 'run' || how.language !== 'sh') return how
  if (/^\s*npm (?:test|t|run test)\b/m.test(text)) return fault('would run the test that runs it')
  const isSystem = systemPrograms.test(text) && how.standIn !== 'systemd'
  const writes = systemTarget.test(text.replace(/\bsudo tee\s(?:-a\s)?\//g, ''))
  return isSystem || writes ? fault('would change this machine: with="systemd", through sudo') : how
}

function runOf(language: string, values: Map<string, string>): How {
  const runs = runnable.get(language as 'sh')
  if (!runs) return fault(`${language || 'a block without a language'} cannot be run`)
  const exit = Number(values.get('exit') ?? 0)
  const stays = values.get('stays')
  const standIn = values.get('with') as StandIn | undefined
  for (const name of ['exit', 'stays', 'with']) values.delete(name)
  if (values.size > 0) return fault(`says ${[...values.keys()].join(', ')}, which means nothing`)
  if (!Number.isInteger(exit) || exit < 0 || exit > 255) return fault('has no such exit code')
  if (standIn !== undefined && !standIns.includes(standIn)) return fault(`no stand-in ${standIn}`)
  return { kind: 'run', language: runs, exit, stays, standIn }
}

const fault = (text: string): How => ({ kind: 'fault', fault: text })
