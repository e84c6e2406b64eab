/** Arguments of `npm run deploy:pages`, its reading of what wrangler reports, and its Worker. */
import { resolve } from 'node:path'
import { expect, test } from 'vitest'
import { experimental_readRawConfig, type Unstable_RawConfig } from 'wrangler'
import { readPlace, refusePreview } from '../../../scripts/setup/pages-place.ts'
import { derivedWorkerConfig } from '../../../scripts/setup/pages-project.ts'
import { inRoot } from '../../../scripts/setup/paths.ts'

const workerName = 'aitbc-edge'
const place = { hostname: 'edge.example.org', zone: 'example.org' }

test('PD-13: a hostname in its zone is taken, the zone itself too', () => {
  expect(readPlace({ ...place, workerName })).toEqual({ ...place, project: workerName })
  const apex = { hostname: 'example.org', zone: 'example.org', project: 'other' }
  expect(readPlace({ ...apex, workerName })).toEqual(apex)
})

test.each([
  [{ ...place, hostname: 'edge.example.com' }, 'not in the zone'],
  [{ ...place, hostname: 'badexample.org' }, 'not in the zone'],
  [{ ...place, hostname: 'https://edge.example.org' }, 'not a hostname'],
  [{ ...place, hostname: 'Edge.example.org' }, 'not a hostname'],
  [{ ...place, hostname: 'edge.example.org/docs' }, 'not a hostname'],
  [{ ...place, zone: 'org' }, 'not a hostname'],
  [{ hostname: place.hostname }, 'are needed'],
  [{ zone: place.zone }, 'are needed'],
  [{ ...place, project: 'My_Project' }, 'no name for a Pages project'],
  [{ ...place, project: 'a'.repeat(59) }, 'no name for a Pages project'],
])('PD-13: %j is refused', (asked, text) => {
  expect(() => readPlace({ ...asked, workerName })).toThrow(text)
})

test('PD-12: an upload to production is fine, any other is an error that names the branch', () => {
  const report = (environment: string) =>
    `{"type":"wrangler-session"}\n{"environment":"${environment}","production_branch":"release"}\n`
  expect(() => refusePreview(report('production'), 'edge', 'main')).not.toThrow()
  expect(() => refusePreview(report('preview'), 'edge', 'main')).toThrow('--branch release')
  expect(() => refusePreview('', 'edge', 'main')).toThrow('does not report')
})

test("PD-11: the Worker beside Pages is the Worker alone, with Pages' hostname as routes", () => {
  const configPath = inRoot('wrangler.toml')
  const folder = inRoot('dist', 'pages-project')
  const { rawConfig } = experimental_readRawConfig({ config: configPath })
  const other = { pattern: 'other.example.org', custom_domain: true }
  const raw = { ...rawConfig, routes: ['https://edge.example.org/*', other] }
  const derived = derivedWorkerConfig(raw, { ...place, configPath, folder })
  expect(derived.routes?.slice(0, 1)).toEqual([other])
  expect(derived.routes?.slice(1)).toContainEqual({
    pattern: 'edge.example.org/api/*',
    zone_name: 'example.org',
  })
  expect(derived.routes).not.toContainEqual('https://edge.example.org/*')
  // Every other setting is the same, and every path in it leads to the same file.
  const { routes: _, ...rest } = derived
  expect(absolute(rest, folder)).toEqual(absolute(rawConfig, inRoot()))
})

function absolute(config: Unstable_RawConfig, folder: string): Unstable_RawConfig {
  return JSON.parse(JSON.stringify(config), (key, value) =>
    ['main', 'directory', 'migrations_dir'].includes(key) ? resolve(folder, value) : value,
  ) as Unstable_RawConfig
}
