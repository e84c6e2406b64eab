/** The packages: reproducible, lint-clean, small, and asking for little. */
import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { gzipSync } from 'node:zlib'
import { unzipSync } from 'fflate'
import { beforeAll, expect, test, vi } from 'vitest'
import {
  buildExtensionFiles,
  type ExtensionFiles,
  packExtension,
} from '../../../pages/build/extension.ts'
import { extensionManifest } from '../../../pages/build/extension-manifest.ts'
import { inRoot } from '../../../scripts/setup/paths.ts'

const build = () => buildExtensionFiles(inRoot('pages'))
let files: ExtensionFiles
beforeAll(async () => {
  files = await build()
})

test('EXT-1: two builds give the same bytes, whatever the hour and the order of the files', async () => {
  vi.setSystemTime(new Date('2031-02-03T04:05:06Z'))
  const again = await build()
  for (const target of ['firefox', 'chromium'] as const) {
    const first = packExtension(files, target, '1.2.3')
    expect(Buffer.compare(first, packExtension(again, target, '1.2.3'))).toBe(0)
  }
  vi.useRealTimers()
})

test('EXT-1: the packages differ in the manifest alone', () => {
  const [firefox, chromium] = (['firefox', 'chromium'] as const).map((target) =>
    unzipSync(packExtension(files, target, '1.2.3')),
  )
  const names = Object.keys(firefox ?? {})
  expect(names).toEqual(Object.keys(chromium ?? {}))
  const differing = names.filter(
    (name) => Buffer.compare(firefox?.[name] as Uint8Array, chromium?.[name] as Uint8Array) !== 0,
  )
  expect(differing).toEqual(['manifest.json'])
})

test('EXT-1: the linter of add-ons finds nothing', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'aitbc-lint-'))
  try {
    for (const [name, bytes] of Object.entries(
      unzipSync(packExtension(files, 'firefox', '1.2.3')),
    )) {
      mkdirSync(dirname(join(folder, name)), { recursive: true })
      writeFileSync(join(folder, name), bytes)
    }
    const { stdout } = await promisify(execFile)(process.execPath, [
      inRoot('node_modules', 'web-ext', 'bin', 'web-ext.js'),
      'lint',
      '--output=json',
      `--source-dir=${folder}`,
    ])
    const { summary, errors, warnings } = JSON.parse(stdout) as Record<string, unknown>
    expect({ errors, warnings }).toEqual({ errors: [], warnings: [] })
    expect(summary).toEqual({ errors: 0, notices: 0, warnings: 0 })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

test('EXT-2: it asks for storage and alarms, for no host, and lets no page load its files', () => {
  for (const target of ['firefox', 'chromium'] as const) {
    const manifest = extensionManifest(target, '1.2.3') as Record<string, unknown>
    expect(manifest['permissions']).toEqual(['alarms', 'storage'])
    for (const name of [
      'host_permissions',
      'optional_permissions',
      'optional_host_permissions',
      'web_accessible_resources',
      'externally_connectable',
    ]) {
      expect(manifest).not.toHaveProperty(name)
    }
    const scripts = manifest['content_scripts'] as { matches: string[]; all_frames?: boolean }[]
    for (const { matches, all_frames } of scripts) {
      expect(matches).toEqual(['https://*/*', 'http://localhost/*', 'http://127.0.0.1/*'])
      expect(all_frames).toBeUndefined()
    }
    const policy = JSON.stringify(manifest['content_security_policy'])
    expect(policy).toContain("script-src 'self';")
    expect(policy).toContain("require-trusted-types-for 'script'; trusted-types aitbc-worker")
    expect(policy).not.toContain('unsafe')
  }
})

test('EXT-2: nothing in the package makes code or HTML of text', () => {
  const code = [...files].filter(([name]) => name.endsWith('.js'))
  const found = code.flatMap(([name, bytes]) => {
    const text = new TextDecoder().decode(bytes)
    const uses = text.match(/\.innerHTML\s*=[^=]|\beval\(|document\.write\(/g) ?? []
    return uses.map((use) => `${name}: ${use}`)
  })
  expect(found).toEqual([])
})

test('EXT-3: each surface is small, and the judge of passwords is apart', () => {
  const text = (name: string) => new TextDecoder().decode(files.get(name))
  const importsOf = (name: string): string[] =>
    [...text(name).matchAll(/(?:from|import)\s*"\.?\/?([^"()]+\.js)"/g)].map(([, path]) =>
      (path as string).startsWith('parts/') ? (path as string) : `parts/${path}`,
    )
  const surfaces: Record<string, string[]> = {
    background: ['background.js'],
    'check of proofs': ['proof.js'],
    'every page': ['relay.js', 'provider.js'],
    wallet: ['wallet.js', ...importsOf('wallet.js')],
    approval: ['approve.js', ...importsOf('approve.js')],
  }
  for (const [surface, names] of Object.entries(surfaces)) {
    const bytes = names.reduce(
      (sum, name) => sum + gzipSync(files.get(name) as Uint8Array, { level: 9 }).length,
      0,
    )
    expect([surface, bytes < 90_000]).toEqual([surface, true])
    expect(names.some((name) => name.includes('password-strength'))).toBe(false)
  }
  expect(importsOf('wallet.js').length).toBeGreaterThan(0)
})
