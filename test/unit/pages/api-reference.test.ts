/** The API reference as it is built: everything of the table stands in it. */
import { describe, expect, test } from 'vitest'
import type { Endpoint } from '../../../core/api/endpoint.ts'
import { curlOf } from '../../../core/api/endpoint.ts'
import { oldNames, reservedFamilies } from '../../../core/api/endpoints/not-built.ts'
import { endpointFamilies, endpoints } from '../../../core/api/endpoints/table.ts'
import { errorCodes } from '../../../core/api/errors.ts'
import { failuresOf, openApiDocument } from '../../../core/api/openapi.ts'
import { alternativesOf, fieldTable, meaningOf, typeOf } from '../../../pages/build/api-fields.ts'
import { renderApiReference } from '../../../pages/build/api-reference.ts'
import { escapeHtml } from '../../../pages/build/html.ts'

const html = renderApiReference()
const rows: readonly Endpoint[] = endpoints
const ids = [...html.matchAll(/\sid="([^"]+)"/g)].map(([, id]) => id)

/** The part of the page that is about one endpoint. */
const sectionOf = (id: string): string => {
  const found = new RegExp(
    `<section class="endpoint"[^>]*aria-labelledby="${id}">.*?</section>`,
    's',
  )
  return found.exec(html)?.[0] ?? ''
}

describe('the reference', () => {
  test.each(rows.map((row) => [row.id, row] as const))('OPENAPI-7: shows %s whole', (id, row) => {
    const section = sectionOf(id)
    const plain = section.replaceAll('<wbr>', '')
    expect(ids).toContain(id)
    expect(html).toContain(`href="#${id}"`)
    for (const path of [row.path, ...(row.aliases ?? [])]) expect(plain).toContain(`>${path}<`)
    expect(section).toContain(escapeHtml(row.summary))
    for (const schema of [row.params, row.query, row.headers]) {
      for (const name of Object.keys(schema?.shape ?? {})) {
        expect(section).toContain(`<code>${name}</code>`)
      }
    }
    for (const [, codes] of failuresOf(row)) {
      for (const code of codes) expect(section).toContain(`href="#error-${code}"`)
    }
    if (row.stream?.kind !== 'websocket') {
      expect(section).toContain(escapeHtml(curlOf(row, row.example, 'http://127.0.0.1:18000')))
    }
  })

  test('OPENAPI-7: has every family, every error code, and what is not there', () => {
    for (const { id } of endpointFamilies) expect(ids).toContain(id)
    for (const code of errorCodes) expect(ids).toContain(`error-${code}`)
    for (const { path } of oldNames) expect(html).toContain(escapeHtml(path))
    for (const { paths } of reservedFamilies) {
      for (const path of paths) expect(html).toContain(`<code>${path}</code>`)
    }
  })

  test('OPENAPI-7: needs no script, and links lead somewhere', () => {
    expect(html).not.toMatch(/<script|<style|<[^<>]*\s(?:style|on[a-z]+)=/i)
    expect(new Set(ids).size).toBe(ids.length)
    const targets = [...html.matchAll(/href="#([^"]+)"/g)].map(([, id]) => id)
    expect(targets.filter((id) => !ids.includes(id))).toEqual([])
    expect(html.startsWith('<h1>')).toBe(true)
  })
})

describe('fields', () => {
  const { schemas } = openApiDocument('1.0.0').components

  test('OPENAPI-7: nested objects stand below, further in, and constraints in words', () => {
    const status = { $ref: '#/components/schemas/ChainStatus' }
    const table = fieldTable(status, schemas, 'Status')
    expect(table).toMatch(/<tr><td><code>head<\/code>/)
    expect(table).toMatch(/<tr data-depth="1"><td><code>final_height<\/code>/)
    expect(table).toMatch(/<tr data-depth="2"><td><code>base_fee<\/code>/)
    expect(meaningOf({ type: 'integer', minimum: 1, maximum: 1_000, default: 5 }, {})).toBe(
      '1 to 1\u2009000. Default 5',
    )
    expect(meaningOf({ enum: ['a', 'b'] }, {})).toBe('One of a, b')
    expect(typeOf({ type: 'array', items: { $ref: '#/components/schemas/Hash' } }, schemas)).toBe(
      'list of hash',
    )
    expect(typeOf({ anyOf: [{ type: 'string' }, { type: 'null' }] }, {})).toBe('text or null')
  })

  test('OPENAPI-7: a schema of several forms has a table for each', () => {
    const forms = [
      { $ref: '#/components/schemas/Account' },
      { $ref: '#/components/schemas/LegacyAccount' },
    ]
    expect(alternativesOf({ anyOf: forms }, schemas).map(({ title }) => title)).toEqual([
      'Account',
      'LegacyAccount',
    ])
    expect(alternativesOf({ anyOf: [forms[0], { type: 'null' }] }, schemas)).toHaveLength(1)
  })
})
