import { expect, test } from 'vitest'
import { linkFaults } from '../../../pages/build/check-links.ts'
import { externalHosts } from '../../../pages/build/external-hosts.ts'
import { linkedPages } from '../../../pages/build/site-links.ts'
import { inRoot } from '../../../scripts/setup/paths.ts'

const link = (href: string) => `<p><a href="${href}">x</a></p>`

const faultsOf = (...hrefs: string[]) =>
  linkFaults([
    { where: 'one.md', path: '/docs/one.html', html: `<h2 id="here">x</h2>${hrefs.map(link)}` },
    { where: 'index.md', path: '/docs/', html: '<h2 id="start">x</h2>' },
  ])

test('DOC-4: a link to a page, to a section and to what the Worker answers is sound', () => {
  expect(
    faultsOf('/docs/', '/docs/index.html#start', '#here', '/docs/one.html?q=1', '/rpc/status'),
  ).toEqual([])
})

test.each([
  ['/docs/two.html', 'is no page of this site'],
  ['/docs/#none', 'names an anchor that is not there'],
  ['#start', 'names an anchor that is not there'],
  ['two.html', 'is relative'],
  ['/docs/one', 'is no page of this site'],
])('DOC-4: %s %s, said with the file', (href, fault) => {
  expect(faultsOf(href)).toEqual([expect.stringContaining(`one.md: ${href} ${fault}`)])
})

test.each([
  ['http://nodejs.org/', 'is not https'],
  ['https://nodejs.org.example.org/', 'leads to a host'],
  ['javascript:alert(1)', 'is not https'],
  ['mailto:someone@example.org', 'is not https'],
])('DOC-5: %s %s', (href, fault) => {
  expect(faultsOf(href)).toEqual([expect.stringContaining(fault)])
})

test('DOC-4, DOC-5: every link of this site is sound', () => {
  const pages = linkedPages(inRoot('pages'))
  expect(pages.length).toBeGreaterThan(0)
  expect(linkFaults(pages)).toEqual([])
})

test('DOC-5: every host that may be linked is linked, and has a reason', () => {
  const html = linkedPages(inRoot('pages'))
    .map((page) => page.html)
    .join('')
  const unlinked = Object.keys(externalHosts).filter((host) => !html.includes(`https://${host}`))
  expect(unlinked).toEqual([])
  expect(Object.values(externalHosts)).not.toContain('')
})
