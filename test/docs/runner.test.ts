/** The runner of the docs refuses what it should: without this, its silence would mean nothing. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { blocksOf } from './blocks.ts'
import { missingField, missingLine } from './expectations.ts'
import { openSession } from './session.ts'
import { makeWorld, type World } from './world.ts'

let world: World

beforeAll(async () => {
  world = await makeWorld()
})

afterAll(async () => {
  await world?.end()
})

const block = (info: string, text = 'true\n') =>
  blocksOf('page.md', `Text.\n\n\`\`\`${info}\n${text}\`\`\`\n`, 10)[0]!

test.each([
  ['sh', 'does not say how it is run'],
  ['', 'does not say how it is run'],
  ['python run', 'cannot be run'],
  ['sh shown', 'cannot be only shown'],
  ['bash shown', 'cannot be only shown'],
  ['js output', 'means nothing'],
  ['sh run run=1', 'means nothing'],
  ['sh run with="luck"', 'no stand-in luck'],
  ['sh run exit=many', 'no such exit code'],
  ['sh as="../x"', 'cannot be written'],
  ['sh run as="x"', 'goes with no other word'],
  ['sh run stays="open', 'cannot be read'],
])('DOC-2: `%s` is refused: %s', (info, fault) => {
  expect(block(info).how).toMatchObject({ kind: 'fault', fault: expect.stringContaining(fault) })
})

test.each(['sudo rm -r /etc/x\n', 'apt-get install x\n', 'echo x > /etc/x\n', 'npm test\n'])(
  'DOC-2: a block that would change the machine is refused: %s',
  (text) => {
    expect(block('sh run', text).how.kind).toBe('fault')
  },
)

test('DOC-2: a block that is indented instead of fenced is refused, with its line', () => {
  const [found] = blocksOf('page.md', 'Text.\n\n    npm start\n', 5)
  expect(found).toMatchObject({ line: 7, how: { kind: 'fault' } })
})

test('DOC-3: lines occur in their order, and dots stand for anything', () => {
  expect(missingLine('one …\nthree', 'one 1\ntwo\n  three\n')).toBeUndefined()
  expect(missingLine('three\none', 'one\ntwo\nthree\n')).toContain('one')
  expect(missingLine('on.', 'one\n')).toContain('on.')
})

test('DOC-3: an answer has every key that is shown, with its value', () => {
  const answer = '> aitbc-edge client\n\n{"a":{"b":[1,{"c":"0xff"}]},"d":null}\n'
  expect(missingField('{"a":{"b":[1,{"c":"0x…"}]}}', answer)).toBeUndefined()
  expect(missingField('{"d":"…"}', answer)).toBeUndefined()
  expect(missingField('{"a":{"b":[2]}}', answer)).toContain('.a.b.0')
  expect(missingField('{"e":"…"}', answer)).toContain('.e')
  expect(missingField('{"a":"…"}', 'no JSON')).toContain('JSON')
})

test('DOC-3: a command that fails, or fails in its middle, is said with file, line and output', async () => {
  for (const text of ['echo said; exit 3\n', 'echo said; false\ntrue\n', 'false | cat; echo x\n']) {
    const session = await openSession(world, 'fails')
    await expect(session.play(block('sh run', text))).rejects.toThrow(/^page\.md:12 ended with/)
    await expect(session.play(block('sh run'))).rejects.toThrow('not reached: page.md:12 failed')
    await session.end()
  }
})

test('DOC-3: what one block exports the next has, and what it starts is ended', async () => {
  const session = await openSession(world, 'lasts')
  await session.play(block('sh run', 'export WORD="a b"; cd test\n'))
  await session.play(block('sh run', 'test "$WORD" = "a b" && basename "$PWD"\n'))
  await session.play(block('text output', 'test\n'))
  const serve =
    "require('http').createServer((q, s) => s.end('up')).listen(9464, () => console.log('on'))"
  await session.play(block('sh run stays="on"', `node -e "${serve}"\n`))
  const ask = 'curl -s http://127.0.0.1:9464\n'
  await session.play(block('sh run', ask))
  await session.play(block('text output', 'up\n'))
  await session.end()
  await expect(session.play(block('sh run', ask))).rejects.toThrow('ended with 7')
})

test('DOC-3: a stand-in refuses what its vendor does not document', async () => {
  for (const [name, text] of [
    ['ollama', 'ollama brew coffee\n'],
    ['ollama', 'ollama pull no-such-model\n'],
    ['systemd', 'systemctl frobnicate x\n'],
    ['systemd', 'sudo systemctl start no-such-unit\n'],
    ['systemd', 'sudo dd if=/dev/zero of=/dev/null\n'],
  ] as const) {
    const session = await openSession(world, `refuses-${name}`)
    await expect(session.play(block(`sh run with="${name}"`, text))).rejects.toThrow('ended with 1')
    await session.end()
  }
})
