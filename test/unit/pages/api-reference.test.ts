/** The API reference as it is built: everything of the table stands in it. */
import { describe, expect, test } from 'vitest'
import type { Endpoint } from '../../../core/api/endpoint.ts'
import { curlOf } from '../../../core/api/endpoint.ts'
import { oldNames, reservedFamilies } from '../../../core/api/endpoints/not-built.ts'
import { endpointFamilies, endpoints } from '../../../core/api/endpoints/table.ts'
import { errorCodes, statusOf } from '../../../core/api/errors.ts'
import { failuresOf, openApiDocument } from '../../../core/api/openapi.ts'
import { alternativesOf, fieldTable, meaningOf, typeOf } from '../../../pages/build/api-fields.ts'
import { linkFaults } from '../../../pages/build/check-links.ts'
import { renderDocsBody } from '../../../pages/build/docs.ts'
import { articleOf } from '../../../pages/build/docs-articles.ts'
import { apiFamilyName, docsHref, docsPages } from '../../../pages/build/docs-map.ts'
import { escapeHtml } from '../../../pages/build/html.ts'

/** The most that a page of the reference may weigh, before compression. */
const pageBytesMax = 150_000

const pageOf = (name: string) => docsPages.find((page) => page.name === name)!
const overview = articleOf(pageOf('api'))
const familyPages = endpointFamilies.map(({ id }) => pageOf(apiFamilyName(id)))
const pages = [pageOf('api'), ...familyPages]
const familyOf = new Map<string, string>(
  endpointFamilies.flatMap(({ id, endpoints: rows }) => rows.map((row) => [row.id, id])),
)
const idsIn = (html: string) => [...html.matchAll(/\sid="([^"]+)"/g)].map(([, id]) => id)
const codesIn = (html: string) =>
  [...html.matchAll(/#error-([A-Z0-9_]+)"/g)].map(([, code]) => code)
const rows: readonly Endpoint[] = endpoints

/** The part of its page that is about one endpoint. */
const sectionOf = (id: string): string => {
  const found = new RegExp(`<section class="endpoint" aria-labelledby="${id}">.*?</section>`, 's')
  return found.exec(articleOf(pageOf(apiFamilyName(familyOf.get(id) ?? ''))))?.[0] ?? ''
}

/** Codes of a list on the overview. */
const sharedCodes = (id: string) => {
  const list = overview.slice(overview.indexOf(`id="${id}"`))
  return codesIn(list.slice(0, list.indexOf('</dl>')))
}

describe('the reference', () => {
  test.each(rows.map((row) => [row.id, row] as const))('OPENAPI-7: shows %s whole', (id, row) => {
    const section = sectionOf(id)
    const plain = section.replaceAll('<wbr>', '')
    const address = docsHref(apiFamilyName(familyOf.get(id) ?? ''))
    expect(overview).toContain(`<li id="${id}"`)
    expect(overview).toContain(`<a href="${address}#${id}">`)
    expect(section).toContain(`id="${id}"`)
    for (const path of [row.path, ...(row.aliases ?? [])]) expect(plain).toContain(`>${path}<`)
    expect(section).toContain(escapeHtml(row.summary))
    for (const schema of [row.params, row.query, row.headers]) {
      for (const name of Object.keys(schema?.shape ?? {})) {
        expect(section).toContain(`<code>${name}</code>`)
      }
    }
    const shared = /href="\/docs\/api\.html#(refusals-[a-z-]+)"/.exec(section)?.[1]
    const said = [...codesIn(section), ...(shared ? sharedCodes(shared) : [])]
    expect(new Set(said)).toEqual(new Set([...failuresOf(row).values()].flat()))
    // What a code of the shared list has for another status is said at the endpoint.
    for (const [status, codes] of failuresOf(row)) {
      for (const code of codes.filter((each) => statusOf(each) !== status)) {
        expect(section).toMatch(new RegExp(`<dt>${status}</dt><dd>(?:(?!</dd>).)*#error-${code}"`))
      }
    }
    if (row.stream?.kind !== 'websocket') {
      expect(section).toContain(escapeHtml(curlOf(row, row.example, 'http://127.0.0.1:18000')))
    }
  })

  test('OPENAPI-7: has every family, every error code, and what is not there', () => {
    const ids = idsIn(overview)
    for (const { id } of endpointFamilies) {
      expect(ids).toContain(id)
      expect(overview).toContain(`href="${docsHref(apiFamilyName(id))}"`)
    }
    for (const code of errorCodes) expect(ids).toContain(`error-${code}`)
    for (const { path } of oldNames) expect(overview).toContain(escapeHtml(path))
    for (const { paths } of reservedFamilies) {
      for (const path of paths) expect(overview).toContain(`<code>${path}</code>`)
    }
  })

  test('OPENAPI-7: no page is more than a phone takes in', () => {
    for (const { name, title } of pages) {
      const bytes = Buffer.byteLength(renderDocsBody(name, articleOf(pageOf(name))))
      expect([title, bytes]).toEqual([title, expect.toSatisfy((n) => n < pageBytesMax)])
    }
  })

  test('OPENAPI-7: needs no script, and links lead somewhere', () => {
    const linked = pages.map((page) => ({
      where: page.title,
      path: docsHref(page.name),
      html: articleOf(page),
    }))
    expect(linkFaults(linked)).toEqual([])
    for (const { where, html } of linked) {
      expect(html, where).not.toMatch(/<script|<style|<[^<>]*\s(?:style|on[a-z]+)=/i)
      const ids = idsIn(html)
      expect(new Set(ids).size, where).toBe(ids.length)
      expect(html.startsWith('<h1>'), where).toBe(true)
    }
  })

  test('OPENAPI-7: a page of a family leads to the other families, and other pages to the first alone', () => {
    const [first] = familyPages
    const body = renderDocsBody(first!.name, articleOf(first!))
    for (const { name } of pages) expect(body).toContain(`href="${docsHref(name)}"`)
    expect(body).toContain(`href="${docsHref(first!.name)}" aria-current="page"`)
    const guide = renderDocsBody('index', '<h1>x</h1>')
    expect(guide).toContain(`href="${docsHref('api')}"`)
    expect(guide).not.toContain(`href="${docsHref(first!.name)}"`)
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
