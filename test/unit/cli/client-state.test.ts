import { mkdtempSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type EscrowPlace, openClientStore } from '../../../cli/client-state.ts'

let folder: string
let path: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'client-'))
  path = join(folder, 'clients', 'c.json')
})
afterEach(() => rmSync(folder, { recursive: true }))

const place: EscrowPlace = { genesis: 'aa', coordinator: 'bb' }
const other: EscrowPlace = { genesis: 'aa', coordinator: 'cc' }
const escrow = { escrow: '01', openedBy: '02' }

describe('what a client remembers', () => {
  test('escrows by chain and coordinator, over restarts', async () => {
    const store = openClientStore(path)
    expect(store.escrow(place)).toBeUndefined()
    await store.remember(place, escrow)
    await store.remember(other, { escrow: '03', openedBy: '04' })
    expect(openClientStore(path).escrow(place)).toEqual({
      escrow: '01',
      opened_by: '02',
      next_number: 1,
    })
    await store.forget(place)
    expect(store.escrow(place)).toBeUndefined()
    expect(store.escrow(other)?.escrow).toBe('03')
  })

  test('a number is on the disk before anybody has it', async () => {
    const store = openClientStore(path)
    await store.remember(place, escrow)
    expect(await store.takeNumber(place)).toBe(1n)
    expect(JSON.parse(readFileSync(path, 'utf8')).escrows['aa:bb'].next_number).toBe(2)
    expect(await openClientStore(path).takeNumber(place)).toBe(2n)
  })

  test('programs under one name never get the same number', async () => {
    await openClientStore(path).remember(place, escrow)
    const stores = Array.from({ length: 4 }, () => openClientStore(path))
    const taken = await Promise.all(
      Array.from({ length: 40 }, (_, index) => stores[index % 4]?.takeNumber(place)),
    )
    expect(new Set(taken).size).toBe(40)
    expect(openClientStore(path).escrow(place)?.next_number).toBe(41)
  })

  test('the lock of a program that died does not stay', async () => {
    const store = openClientStore(path)
    await store.remember(place, escrow)
    // No process has this number: Linux ends at 2^22.
    writeFileSync(`${path}.lock`, '4194305')
    expect(await store.takeNumber(place)).toBe(1n)
    writeFileSync(`${path}.lock`, '')
    utimesSync(`${path}.lock`, 0, 0)
    expect(await store.takeNumber(place)).toBe(2n)
  })

  test('a damaged file is never taken for a fresh start', async () => {
    const store = openClientStore(path)
    await store.remember(place, escrow)
    writeFileSync(path, '{"version":1')
    expect(() => store.escrow(place)).toThrow(/damaged/)
    await expect(store.takeNumber(place)).rejects.toThrow(/damaged/)
    expect(readFileSync(path, 'utf8')).toBe('{"version":1')
  })

  test('it is readable by its owner alone', async () => {
    await openClientStore(path).remember(place, escrow)
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(statSync(join(folder, 'clients')).mode & 0o777).toBe(0o700)
  })
})
