/** A site with final blocks of its own, and snapshots that continue them or do not. */
import { describe, expect, test } from 'vitest'
import { answerPull, applyPull, pullRequest } from '../../../core/chain/sync.ts'
import { alice, bob, sign, transfer } from '../../support/chain-world.ts'
import {
  expectBegun,
  notFound,
  openServingSite,
  type ServingPeer,
  type StartWorld,
  startGenesis,
  worldWith,
} from '../../support/start-world.ts'

const longer = openServingSite(12)

const a = 'https://a.example'
const b = 'https://b.example'

describe('START-10: what is final here is not given up for another chain', () => {
  const waiting = sign({
    by: bob,
    message: transfer(alice.address, 9n),
    nonce: 0n,
    of: startGenesis,
  })
  /** The same authority has signed it: as the keys of a quorum that has left could. */
  const rival = openServingSite(12, [waiting])
  const isLight = (path: string) => path.startsWith('/rpc/light')
  const lights = (world: StartWorld) => world.requests.filter((line) => line.includes('light?'))

  /** A site that holds the first blocks of a chain, and hears that others are further. */
  function ahead(peers: Readonly<Record<string, ServingPeer>>, blocks: number): StartWorld {
    const world = worldWith(peers)
    importFrom(world, blocks)
    world.standing = { finalHeight: 12, isTooLate: false }
    return world
  }
  function importFrom(world: StartWorld, blocks: number): void {
    const { engine } = world.site()
    const answer = answerPull(longer.engine, pullRequest(engine))
    const some = answer.blocks.slice(0, blocks)
    // Each is final by the certificate in the one after it.
    applyPull(engine, { ...answer, blocks: some, certificate: undefined }, world.nowMs)
  }

  test('one that continues it is begun with', async () => {
    const world = ahead({ [a]: longer.serve }, 4)
    expect(world.site().engine.head().finalHeight).toBe(3)
    await world.settle()
    expectBegun(world, longer, 12)
    expect(lights(world)).toEqual([`${a} /rpc/light?from=3&to=12`])
  })

  test('one that does not is refused before a part is asked for, and the next is tried', async () => {
    const world = ahead({ [a]: rival.serve, [b]: longer.serve }, 4)
    await world.settle()
    expectBegun(world, longer, 12)
    expect(world.codes()).toEqual(['SNAPSHOT_NOT_EXTENDING'])
    expect(world.requests.filter((line) => line.startsWith(`${a} /12/`))).toEqual([])
  })

  test('nor with the way of another chain, none, or rubbish', async () => {
    const ways: [string, ServingPeer][] = [
      ['SNAPSHOT_NOT_EXTENDING', longer.serve],
      ['SNAPSHOT_NOT_EXTENDING', (path) => longer.serve(path.replace('to=12', 'to=99'))],
      ['ANSWER_INVALID', () => longer.serve('/12/0')],
      ['NOT_SERVED', notFound],
    ]
    for (const [code, way] of ways) {
      const world = ahead({ [a]: (path) => (isLight(path) ? way(path) : rival.serve(path)) }, 4)
      await world.settle(600_000)
      expect([code, ...new Set(world.codes())]).toEqual([code, code])
      expect(world.site().engine.keptFrom()).toBe(0)
    }
  })

  test('what became final while parts came, or before a kill, counts too', async () => {
    for (const isKilled of [false, true]) {
      let parts = 0
      const world = worldWith({
        [a]: (path) => {
          if (/\/12\/\d+$/.test(path) && ++parts === 3) importFrom(world, 6)
          if (isKilled && parts > 4 && !isLight(path) && path !== '') return undefined
          return rival.serve(path)
        },
      })
      await world.settle()
      if (isKilled) {
        world.peers.set(a, rival.serve)
        world.restart()
      }
      await world.settle(600_000)
      expect(world.codes()).toContain('SNAPSHOT_NOT_EXTENDING')
      expect(world.site().engine.keptFrom()).toBe(0)
      expect(world.site().engine.head().finalHeight).toBe(5)
    }
  })
})
