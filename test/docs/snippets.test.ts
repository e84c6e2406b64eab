/**
 * Every fenced block of the docs and of README.md, in order: commands run, and what the pages say that
 * they print is compared. What the words after the backticks mean is in `pages/docs/SPEC.md`.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Block, blocksOf } from './blocks.ts'
import { writtenPages } from './pages.ts'
import { openSession, type Session } from './session.ts'
import { makeWorld, type World } from './world.ts'

type Page = { readonly file: string; readonly needsSite: boolean; readonly blocks: Block[] }

const pages: Page[] = writtenPages().map(({ file, markdown, firstLine, needsSite }) => ({
  file,
  needsSite,
  blocks: blocksOf(file, markdown, firstLine),
}))

let world: World

beforeAll(async () => {
  world = await makeWorld()
})

afterAll(async () => {
  await world?.end()
})

test('DOC-2: every block says how it is run, or that it is only shown', () => {
  const blocks = pages.flatMap((page) => page.blocks)
  const faults = blocks.flatMap(({ file, line, how }) =>
    how.kind === 'fault' ? [`${file}:${line} ${how.fault}`] : [],
  )
  expect(blocks.length).toBeGreaterThan(0)
  expect(faults).toEqual([])
})

for (const { file, needsSite, blocks } of pages.filter((page) => page.blocks.length > 0)) {
  // Pages wait for blocks and for programs most of the time, so several run at once; each in its order.
  describe(file, { concurrent: true }, () => {
    let session: Session

    beforeAll(async () => {
      session = await openSession(world, file.replace(/\.md$/, ''))
      if (needsSite) await world.site()
    })

    afterAll(async () => {
      await session?.end()
    })

    for (const block of blocks) {
      test(`DOC-3: ${file}:${block.line} ${firstWords(block.text)}`, {
        concurrent: false,
      }, async () => {
        await session.play(block)
      })
    }
  })
}

test('DOC-3: everything that the pages asked of Cloudflare is in its documentation', () => {
  expect(world.unknownRequests()).toEqual([])
})

function firstWords(text: string): string {
  const [line = ''] = text.trim().split('\n')
  return line.length > 60 ? `${line.slice(0, 59)}…` : line
}
