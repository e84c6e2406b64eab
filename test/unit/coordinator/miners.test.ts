import { describe, expect, test } from 'vitest'
import type { CapabilityCard } from '../../../core/jobs/miner-protocol.ts'
import { coordinatorLimits } from '../../../durable-objects/coordinator/limits.ts'
import { createHellos } from '../../../durable-objects/coordinator/market-desk.ts'
import { openMiners } from '../../../durable-objects/coordinator/miners.ts'
import { createTables, rowsOf } from '../../../durable-objects/coordinator/schema.ts'
import { createSqliteStorage } from '../../support/sqlite-storage.ts'
import { signerOf } from '../jobs/fixtures.ts'

const card: CapabilityCard = {
  engine: 'test',
  agent_version: '1',
  models: [],
  gpus: [],
  concurrency: 1,
}

function registry() {
  const database = createSqliteStorage()
  createTables(database)
  const miners = openMiners(database)
  /** A miner that has proved its key: the id that it gets. */
  const hello = (label: string, key: string, nowMs: number): string => {
    const { publicKey } = signerOf(key)
    const minerId = miners.idFor(label, publicKey)
    const socket = {} as WebSocket
    miners.enterAgent({ minerId, publicKey, card, cardText: JSON.stringify(card), socket }, nowMs)
    return minerId
  }
  const names = () => rowsOf<{ n: number }>(database, 'SELECT count(*) AS n FROM miners')[0]?.n
  return { database, miners, hello, names }
}

describe('NAME: names of miners', () => {
  test('NAME-1: a name stays with its key while its miner is here, however long ago it came', () => {
    const { miners, hello } = registry()
    expect(hello('gpu-1', 'honest', 1_000)).toBe('gpu-1')
    miners.sweep(10_000, 200)
    expect(hello('gpu-1', 'thief', 10_001)).not.toBe('gpu-1')
  })

  test('NAME-1: a name that nobody has used for long is free again', () => {
    const { miners, hello, names } = registry()
    hello('gpu-1', 'honest', 1_000)
    miners.leave('gpu-1')
    miners.sweep(999, 200)
    expect(names()).toBe(1)
    miners.sweep(1_001, 200)
    expect(names()).toBe(0)
    expect(hello('gpu-1', 'another', 2_000)).toBe('gpu-1')
  })

  test('NAME-2: no agent gets the public id of an API key', () => {
    const { hello } = registry()
    for (const publicId of ['miner_0123456789abcdef', 'client_0123456789abcdef']) {
      expect(hello(publicId, 'thief', 1_000)).not.toBe(publicId)
    }
    expect(hello('miner_one', 'honest', 1_000)).toBe('miner_one')
  })

  test('NAME-2: an id that is made of name and key is nobody else’s either', () => {
    const { hello } = registry()
    hello('gpu-1', 'first', 1_000)
    const own = hello('gpu-1', 'second', 1_000)
    const { hello: again } = registry()
    again('gpu-1', 'first', 1_000)
    // Somebody foresaw the id of the second and took it as a name.
    expect(again(own, 'thief', 1_000)).toBe(own)
    expect(again('gpu-1', 'second', 1_000)).not.toBe(own)
  })

  test('NAME-3: names that strangers make up are bounded, and displace nobody who is here', () => {
    const { hello, names, miners } = registry()
    hello('honest', 'honest', 0)
    const max = coordinatorLimits.minerNamesMax
    for (let index = 0; index < max + 100; index += 1) {
      const minerId = hello(`made-up-${index}`, 'stranger', index + 1)
      miners.leave(minerId)
    }
    expect(names()).toBeLessThanOrEqual(max)
    expect(hello('honest', 'thief', max + 200)).not.toBe('honest')
  })

  test('NAME-3: with a name goes what its miner signed, also what was left behind before', () => {
    const { database, miners, hello } = registry()
    const rows = () => rowsOf<{ miner_id: string }>(database, 'SELECT miner_id FROM hellos')
    const saveHello = createHellos(database)
    const signed = { version: 1, site: 'x', nonce: '', publicKey: '', text: '', signature: '' }
    for (const minerId of ['gpu-1', 'gpu-2']) {
      hello(minerId, minerId, 1_000)
      miners.leave(minerId)
      saveHello({ ...signed, minerId, label: minerId })
    }
    saveHello({ ...signed, minerId: 'long gone', label: 'long gone' })
    createHellos(database)
    expect(rows()).toEqual([{ miner_id: 'gpu-1' }, { miner_id: 'gpu-2' }])
    miners.forgetName('gpu-1')
    expect(rows()).toEqual([{ miner_id: 'gpu-2' }])
    miners.sweep(1_001, 200)
    expect(rows()).toEqual([])
  })
})
