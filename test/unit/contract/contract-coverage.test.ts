/** The original's contract, route by route: who answers it here. A route that nobody answers fails. */
import { describe, expect, test } from 'vitest'
import { reservedFamilies } from '../../../core/api/endpoints/not-built.ts'
import { endpoints } from '../../../core/api/endpoints/table.ts'
import { routeOf } from '../../../workers/gateway/routes.ts'
import { type ContractRoute, contractRoutes } from './contract-routes.ts'

const rows = endpoints.flatMap((row) =>
  [row.path, ...(row.aliases ?? [])].map((path) => ({
    method: row.method,
    pattern: new RegExp(
      `^${path
        .split('/')
        .map((part) => (part.startsWith('{') ? '[^/]+' : part.replace(/[.*+?^$()|[\]\\]/g, '\\$&')))
        .join('/')}$`,
    ),
  })),
)

const spellings = ({ at, path }: ContractRoute): string[] =>
  at === 'root' ? [path] : [`/v1${path}`, `/api${path}`, `/api/v1${path}`]

/** Paths of the coordinator's explorer and users answer under their own services too. */
const kindAt = (path: string): string | undefined => routeOf(path)?.target.kind

const isInTable = (method: string, path: string): boolean =>
  rows.some((row) => row.method === method && row.pattern.test(path))

const isReserved = (path: string): boolean =>
  reservedFamilies.some(({ paths }) =>
    paths.some((each) => (each.endsWith('/') ? path.startsWith(each) : path === each)),
  )

describe.each([...new Set(contractRoutes.map(({ section }) => section))])('%s', (section) => {
  test.each(
    contractRoutes
      .filter((route) => route.section === section)
      .map((route) => [`${route.method} ${route.path}`, route] as const),
  )('CONTRACT-1: %s', (_name, route) => {
    for (const path of spellings(route)) {
      const isServed = isInTable(route.method, path)
      if (route.served === 'page') {
        const target = routeOf(path)?.target
        const to = target?.kind === 'redirect' ? target.to : undefined
        expect([path, to && ['page', 'folder'].includes(String(kindAt(to)))]).toEqual([path, true])
        continue
      }
      if (route.served === '501') {
        expect([path, isReserved(path), kindAt(path)]).toEqual([path, true, 'missing'])
        expect([path, isServed]).toEqual([path, false])
        continue
      }
      expect([path, isServed]).toEqual([path, true])
      expect([path, kindAt(path) === 'missing' || kindAt(path) === undefined]).toEqual([
        path,
        false,
      ])
    }
  })
})

test('CONTRACT-1: no route stands twice, and every 501 says what to use instead', () => {
  const names = contractRoutes.map(({ method, path, at }) => `${method} ${at} ${path}`)
  expect(new Set(names).size).toBe(names.length)
  for (const { title, instead } of reservedFamilies) {
    expect([title, instead.length > 10]).toEqual([title, true])
  }
})
