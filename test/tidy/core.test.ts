/** What is special about core: documented, synchronous, without classes, with numbered rules. */
import { expect, test } from 'vitest'
import {
  type Code,
  codeFiles,
  docBefore,
  lineOf,
  type Node,
  sourceFiles,
  walkTree,
} from './sources.ts'

const core = () => codeFiles().filter(({ path }) => path.startsWith('core/'))

test('every export of core has a doc comment', () => {
  const bare = core().flatMap((file) =>
    exportsOf(file)
      .filter((node) => !isInferred(file, node) && !isDocumented(file, node))
      .map((node) => `${file.path}:${lineOf(file.text, node.start)}`),
  )
  expect(bare).toEqual([])
})

test('core is synchronous and has no classes', () => {
  const banned = new Set(['AwaitExpression', 'ClassDeclaration', 'ClassExpression'])
  const found: string[] = []
  for (const file of core()) {
    walkTree(file.program.body, (node) => {
      const isPromise = node.type === 'Identifier' && node.name === 'Promise' && !isType(file, node)
      if (node.async === true || isPromise || banned.has(node.type)) {
        found.push(`${file.path}:${lineOf(file.text, node.start)}: ${node.type}`)
      }
    })
  }
  expect(found).toEqual([])
})

test('every rule of a SPEC.md is in the title of a test, and every rule in a title exists', () => {
  const specified = new Map<string, string>()
  for (const { path, text } of sourceFiles().filter((file) => file.path.endsWith('SPEC.md'))) {
    for (const [, id = ''] of text.matchAll(/^(?:\| *|[-*] +|#+ +)\**`?([A-Z][A-Z0-9]*-\d+)\b/gm)) {
      specified.set(id, path)
    }
  }
  const tested = new Map<string, string>()
  // A contract suite lies beside the tests that run it over an adapter.
  const tests = codeFiles().filter(({ path }) => /^test\/contract\/|\.test\.ts$/.test(path))
  for (const file of tests) {
    for (const title of titlesOf(file)) {
      for (const id of idsOf(title)) tested.set(id, file.path)
    }
  }
  const untested = [...specified].filter(([id]) => !tested.has(id))
  const unknown = [...tested].filter(([id]) => !specified.has(id))
  expect(specified.size).toBeGreaterThan(0)
  expect(untested.map(([id, path]) => `${path}: no test for ${id}`)).toEqual([])
  expect(unknown.map(([id, path]) => `${path}: no rule ${id}`)).toEqual([])
})

/** The rules that a title begins with: `TREE-3: …`, `TREE-3, TREE-4: …`. */
function idsOf(title: string): string[] {
  const [head = ''] = /^(?:[A-Z][A-Z0-9]*-\d+(?:, | and )?)+(?=:)/.exec(title) ?? []
  return head.match(/[A-Z][A-Z0-9]*-\d+/g) ?? []
}

/** Titles of tests and suites: the first argument of `test`, `it` and `describe` calls. */
function titlesOf(file: Code): string[] {
  const titles: string[] = []
  walkTree(file.program.body, (node) => {
    if (node.type !== 'CallExpression') return
    const called = file.text.slice(node.start, (node.callee as Node).end)
    if (!/^(?:test|it|describe)\b/.test(called)) return
    const [first] = node.arguments as Node[]
    if (first?.type === 'Literal' && typeof first.value === 'string') titles.push(first.value)
    if (first?.type === 'TemplateLiteral') titles.push(file.text.slice(first.start + 1, first.end))
  })
  return titles
}

// A seam in core may say that its implementation answers later.
function isType(file: Code, node: Node): boolean {
  return file.text.startsWith('<', node.end)
}

function exportsOf(file: Code): Node[] {
  return (file.program.body as unknown as Node[]).filter(
    (node) => node.type === 'ExportNamedDeclaration' && node.declaration !== null,
  )
}

// Exports in lines that follow each other, such as a group of sizes, share the comment of the first.
function isDocumented(file: Code, node: Node): boolean {
  if (docBefore(file, node.start) !== undefined) return true
  const before = exportsOf(file).find(({ end }) => {
    return /^\n$/.test(file.text.slice(end, node.start)) && end <= node.start
  })
  return before !== undefined && isDocumented(file, before)
}

// `export type X = Unwrap<typeof xCoder>` says again what the documented value before it says.
function isInferred(file: Code, node: Node): boolean {
  return /^export type \w+ = [\w.]+<typeof \w+>/.test(file.text.slice(node.start, node.end))
}
