import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { findFreePort, isPortFree } from '../../scripts/setup/port.ts'
import { type Program, startProgram, typescript } from './program.ts'

let folder: string
let port: number
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'aitbc-start-'))
  port = await findFreePort()
})
afterAll(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 }))

const start = (change: Readonly<Record<string, string>> = {}): Program =>
  startProgram(typescript('scripts/start.ts'), {
    env: { PORT: String(port), AITBC_LOCAL: folder, ...change },
  })

async function expectAllGone(): Promise<void> {
  expect(await isPortFree(port)).toBe(true)
  expect(existsSync(join(folder, '.wrangler', 'state', 'start.pid'))).toBe(false)
}

describe('npm start', () => {
  test('brings up site and miner, runs a job, shows its proof, and ends with SIGINT', async () => {
    const first = start()
    await first.until(new RegExp(`^ready http://127\\.0\\.0\\.1:${port}$`, 'm'))
    const shown = first.stdout()
    expect(shown).toMatch(/^answer {3}\S/m)
    expect(shown).toMatch(/^receipt {2}[0-9a-f]{32}, hash 0x[0-9a-f]{64}$/m)
    expect(shown).toMatch(/^block {4}[0-9]+, hash 0x[0-9a-f]{64}$/m)
    expect(shown).toMatch(/^settled {2}0x[0-9a-f]{64}, inclusion proof verified$/m)
    expect(statSync(join(folder, '.dev.vars')).mode & 0o777).toBe(0o600)
    const health = await fetch(`http://127.0.0.1:${port}/health`)
    expect(await health.text()).toBe('OK')

    const second = start({ PORT: String(await findFreePort()) })
    expect(await second.ended).toBe(1)
    expect(second.stderr()).toContain('has the local state')

    first.child.kill('SIGINT')
    expect(await first.ended).toBe(0)
    await expectAllGone()
  })

  test('goes on with the state that is there', async () => {
    const secrets = readFileSync(join(folder, '.dev.vars'), 'utf8')
    const again = start()
    await again.until(/^ready http/m)
    expect(again.stdout()).not.toContain('wrote')
    expect(again.stdout()).not.toContain('faucet')
    expect(readFileSync(join(folder, '.dev.vars'), 'utf8')).toBe(secrets)
    const height = /^block {4}(\d+)/m.exec(again.stdout())?.[1]
    expect(Number(height)).toBeGreaterThan(3)
    again.child.kill('SIGTERM')
    expect(await again.ended).toBe(0)
    await expectAllGone()
  })

  test('a signal in the middle of the start ends it too', async () => {
    const early = start()
    await early.until(/starting a miner/)
    early.child.kill('SIGINT')
    expect(await early.ended).toBe(0)
    await expectAllGone()
  })

  test('a taken port exits 1 and is named', async () => {
    const server = createServer()
    await new Promise<void>((resolve) => {
      server.listen(port, '127.0.0.1', resolve)
    })
    const blocked = start()
    expect(await blocked.ended).toBe(1)
    expect(blocked.stderr()).toContain(String(port))
    server.close()
  })

  test('a first job that fails exits 1 and leaves nothing behind', async () => {
    const key = join(folder, '.wrangler', 'state', 'home', 'clients', 'client-local.key.json')
    writeFileSync(key, 'no key')
    const broken = start()
    expect(await broken.ended).toBe(1)
    expect(broken.stderr()).toContain('no keystore of this network')
    expect(broken.stdout()).not.toContain('ready')
    await expectAllGone()
  })

  test('a miner that cannot start exits 1 with its words', async () => {
    writeFileSync(join(folder, '.wrangler', 'state', 'home', 'password'), 'another')
    const broken = start()
    expect(await broken.ended).toBe(1)
    expect(broken.stderr()).toContain('does not open this keystore')
    await expectAllGone()
  })
})
