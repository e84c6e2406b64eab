/** Dependencies: exact, declared, and from whatever registry the person uses. */
import { readFileSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { expect, test } from 'vitest'
import { secretNames } from '../../scripts/setup/dev-vars.ts'
import { inRoot } from '../../scripts/setup/paths.ts'
import { requiredNames } from '../../workers/config.ts'
import { codeFiles, importsOf } from './sources.ts'

type Manifest = {
  dependencies: Record<string, string>
  devDependencies: Record<string, string>
}
type Lock = { packages: Record<string, Partial<Manifest> & { resolved?: string }> }

const manifest = readJson<Manifest>('package.json')
const lock = readJson<Lock>('package-lock.json')

test('every version is exact', () => {
  const loose = Object.entries({ ...manifest.dependencies, ...manifest.devDependencies })
    .filter(([, version]) => !/^\d+\.\d+\.\d+(?:-[\w.]+)?$/.test(version))
    .map(([name, version]) => `${name}@${version}`)
  expect(loose).toEqual([])
})

test('the lock file names the same versions and no host', () => {
  expect(lock.packages['']?.dependencies).toEqual(manifest.dependencies)
  expect(lock.packages['']?.devDependencies).toEqual(manifest.devDependencies)
  const hosts = Object.entries(lock.packages).filter(([, { resolved }]) => resolved !== undefined)
  expect(hosts).toEqual([])
})

test('every package that is imported is declared', () => {
  const declared = { ...manifest.dependencies, ...manifest.devDependencies }
  const missing = codeFiles().flatMap((file) =>
    importsOf(file)
      .map(({ from }) => from)
      .filter((from) => !isLocal(from) && declared[packageOf(from)] === undefined)
      .map((from) => `${file.path} imports ${from}`),
  )
  expect(missing).toEqual([])
})

test('what ships imports no development tool', () => {
  const ships = /^(?:core|workers|durable-objects|d1|miner-agent|cli)\//
  const wrong = codeFiles()
    .filter(({ path }) => ships.test(path) && !path.endsWith('.config.ts'))
    .flatMap((file) =>
      importsOf(file)
        .filter(({ from, types }) => !types && !isLocal(from))
        .filter(({ from }) => manifest.dependencies[packageOf(from)] === undefined)
        .map(({ from }) => `${file.path} imports ${from}`),
    )
  expect(wrong).toEqual([])
})

test('the first start writes every secret that a site needs', () => {
  expect([...secretNames, 'GENESIS_JSON'].sort()).toEqual([...requiredNames].sort())
})

function readJson<T>(name: string): T {
  return JSON.parse(readFileSync(inRoot(name), 'utf8')) as T
}

function isLocal(from: string): boolean {
  return /^(?:\.|node:|cloudflare:|virtual:)/.test(from) || builtinModules.includes(from)
}

function packageOf(from: string): string {
  const [first = '', second = ''] = from.split('/')
  return first.startsWith('@') ? `${first}/${second}` : first
}
