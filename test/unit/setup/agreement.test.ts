/** Whether sites agree, asked of servers that say what they are told to; and lines that can be cut. */
import { createServer, type Server } from 'node:http'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { waitFor, waitForAgreement } from '../../../scripts/site/agreement.ts'
import { openLine } from '../../../scripts/site/cut.ts'
import type { DemoSites, SiteName } from '../../../scripts/site/demo-sites.ts'

const hash = (digit: string) => `0x${digit.repeat(64)}`
const standing = {
  name: 'node',
  height: 7,
  final_height: 7,
  head_hash: hash('a'),
  final_hash: hash('a'),
  state_root: hash('b'),
  reorgs: 1,
  peers: [{ name: 'other', failure: null }],
}
type Said = Partial<typeof standing>

const letters = ['A', 'B', 'C'] as const
const servers = new Map<SiteName, Server>()
const said = new Map<SiteName, Said>()
const portOf = (name: SiteName): number => {
  const address = servers.get(name)?.address()
  return typeof address === 'object' && address !== null ? address.port : 0
}
const sites = {
  names: letters,
  url: (name: SiteName) => `http://127.0.0.1:${portOf(name)}`,
} as unknown as DemoSites

beforeAll(async () => {
  for (const name of letters) {
    const server = createServer((_, response) => {
      response.end(JSON.stringify({ ...standing, ...said.get(name) }))
    })
    servers.set(name, server)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  }
})
afterAll(() => {
  for (const server of servers.values()) server.close()
})

test('three sites with one final head and one state agree', async () => {
  said.clear()
  expect(await waitForAgreement(sites, 0)).toEqual({
    sites: letters.map(() => ({
      name: 'node',
      height: 7,
      finalized: 7,
      head_hash: hash('a'),
      state_root: hash('b'),
    })),
    agreed: true,
    reorgs: 3,
  })
})

test.each<[string, Said]>([
  ['another head', { head_hash: hash('c') }],
  ['another state', { state_root: hash('c') }],
  ['a head that is not final', { final_height: 6 }],
])('%s at one of them is no agreement', async (_, different) => {
  said.clear()
  said.set('C', different)
  expect((await waitForAgreement(sites, 0)).agreed).toBe(false)
})

test('agreement is waited for, and so is what one site is to show', async () => {
  said.clear()
  said.set('B', { height: 8, final_height: 6 })
  const agreement = waitForAgreement(sites, 60_000)
  const above = waitFor(sites, 'B', { what: 'block 9', holds: ({ height }) => height >= 9 })
  said.set('B', { height: 9 })
  expect((await above).height).toBe(9)
  said.clear()
  expect((await agreement).agreed).toBe(true)
  const never = { what: 'block 99', holds: () => false, patienceMs: 0 }
  await expect(waitFor(sites, 'B', never)).rejects.toThrow('site B: block 99 did not come')
})

test('a line carries requests, none while it is cut, and all when it is mended', async () => {
  said.clear()
  const line = await openLine(portOf('A'), { delayMs: 5 })
  const ask = async () => ((await (await fetch(line.url)).json()) as { name: string }).name
  expect(await ask()).toBe('node')
  line.cut()
  await expect(ask()).rejects.toThrow()
  line.mend()
  expect(await ask()).toBe('node')
  await line.close()
  await expect(ask()).rejects.toThrow()
})
