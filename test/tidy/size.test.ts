/** Files and functions stay small enough to read at once. */
import { expect, test } from 'vitest'
import { type Code, codeFiles, lineCount, lineOf, type Node, walkTree } from './sources.ts'

/** Lines of a file, above which its header must say why. */
const fileLinesMax = 400
/** Lines that half of the files stay under. */
const fileLinesMedianMax = 150
/** Lines of a function with its signature, without those of functions inside it. */
const functionLinesMax = 70

/** How a long file says why, in its first lines: `Long because …`. */
const longReason = /\bLong because \S/
const headerLines = 40

const functionTypes = new Set([
  'FunctionDeclaration',
  'FunctionExpression',
  'ArrowFunctionExpression',
])

test('a file above the limit says in its header why it is long', () => {
  const long = codeFiles()
    .filter(({ text }) => lineCount(text) > fileLinesMax)
    .filter(({ text }) => !longReason.test(text.split('\n').slice(0, headerLines).join('\n')))
    .map(({ path, text }) => `${path}: ${lineCount(text)} lines`)
  expect(long).toEqual([])
})

test('the median file is short', () => {
  const sizes = codeFiles()
    .map(({ text }) => lineCount(text))
    .sort((a, b) => a - b)
  expect(sizes.length).toBeGreaterThan(0)
  expect(sizes[Math.floor(sizes.length / 2)]).toBeLessThan(fileLinesMedianMax)
})

test('functions are short, the functions inside them counted by themselves', () => {
  const long = codeFiles().flatMap((file) =>
    functionsOf(file)
      .filter(({ ownLines }) => ownLines > functionLinesMax)
      .map(({ line, ownLines }) => `${file.path}:${line}: ${ownLines} lines`),
  )
  expect(long).toEqual([])
})

/** Every function of a file: where it begins, and its lines without those of inner functions. */
function functionsOf(file: Code): { line: number; ownLines: number }[] {
  const functions: Node[] = []
  walkTree(file.program.body, (node) => {
    if (functionTypes.has(node.type)) functions.push(node)
  })
  const linesOf = (node: Node) => lineOf(file.text, node.end) - lineOf(file.text, node.start)
  return functions.map((node) => {
    const inner = functions.filter((other) => other.start > node.start && other.end < node.end)
    const outermost = inner.filter(
      (other) => !inner.some((around) => around.start < other.start && around.end > other.end),
    )
    const innerLines = outermost.reduce((sum, other) => sum + linesOf(other), 0)
    return { line: lineOf(file.text, node.start), ownLines: linesOf(node) + 1 - innerLines }
  })
}
