/**
 * Every page that the build makes, one entry each. `file` is the name in `pages/dist`, and as
 * `html_handling` is off, also the address.
 */

import { renderDocsBody, renderSearchPage } from './docs.ts'
import { articleOf } from './docs-articles.ts'
import { type DocsPage, docsPages } from './docs-map.ts'

/** Parts of the site that the header links: only what exists. */
export const navigation = [
  { section: 'explorer', label: 'Explorer', href: '/explorer/' },
  { section: 'marketplace', label: 'Marketplace', href: '/marketplace/' },
  { section: 'wallet', label: 'Wallet', href: '/wallet/' },
  { section: 'docs', label: 'Docs', href: '/docs/' },
] as const

export type Section = (typeof navigation)[number]['section'] | 'home' | 'none'

/**
 * `body`: path under `pages/` of an HTML fragment, or a function that returns trusted HTML of our own;
 * `entry`: its module.
 */
export type Page = {
  readonly file: string
  readonly title: string
  readonly description: string
  readonly section: Section
  readonly body: string | (() => string)
  readonly entry: string
  /** Whether search engines may list it. */
  readonly indexed: boolean
}

export const sitePages: readonly Page[] = [
  {
    file: 'index.html',
    title: 'AITBC: buy and sell AI compute, check every payment',
    description:
      'A network where anyone with a GPU sells AI compute and anyone buys it. Every job is settled on a chain that you can check.',
    section: 'home',
    body: 'home/home.html',
    entry: 'home/main.tsx',
    indexed: true,
  },
  {
    file: 'explorer/index.html',
    title: 'Explorer · AITBC',
    description: 'Blocks, transactions, receipts and addresses of this chain, live.',
    section: 'explorer',
    body: 'explorer/explorer.html',
    entry: 'explorer/main.tsx',
    indexed: true,
  },
  {
    file: 'marketplace/index.html',
    title: 'Marketplace · AITBC',
    description:
      'Offers of AI compute, their prices and measured speed; ask a model, book hours, place bids.',
    section: 'marketplace',
    body: 'marketplace/marketplace.html',
    entry: 'marketplace/main.tsx',
    indexed: true,
  },
  {
    file: 'account/index.html',
    title: 'Account · AITBC',
    description: 'Your account at this site: API keys and the money behind them, usage, sign-ins.',
    section: 'none',
    body: 'account/account.html',
    entry: 'account/main.tsx',
    indexed: false,
  },
  {
    file: 'provider/index.html',
    title: 'Provider · AITBC',
    description:
      'What you sell: machines, earnings, bookings, bids to quote for, and why there are no jobs.',
    section: 'none',
    body: 'provider/provider.html',
    entry: 'provider/main.tsx',
    indexed: false,
  },
  {
    file: 'admin/index.html',
    title: 'Administration · AITBC',
    description: 'For administrators of this site: jobs, miners, payments, keys, audit log.',
    section: 'none',
    body: 'admin/admin.html',
    entry: 'admin/main.tsx',
    indexed: false,
  },
  {
    file: 'wallet/index.html',
    title: 'Wallet · AITBC',
    description: 'Make and keep keys in your browser, send and receive, check what you hold.',
    section: 'wallet',
    body: 'wallet/wallet.html',
    entry: 'wallet/main.tsx',
    indexed: true,
  },
  ...docsPages.map(docsEntry),
  {
    file: 'docs/search.html',
    title: 'Search · AITBC docs',
    description: 'Finds words in all docs of AITBC.',
    section: 'docs',
    body: renderSearchPage,
    entry: 'docs/search.tsx',
    indexed: false,
  },
  {
    file: 'docs/design/index.html',
    title: 'Design system · AITBC docs',
    description: 'Every part that these pages are made of, in every state and both themes.',
    section: 'docs',
    body: 'design/design.html',
    entry: 'design/main.tsx',
    indexed: false,
  },
  {
    file: 'firefox-wallet/index.html',
    title: 'Browser extension · AITBC',
    description:
      'The wallet as an extension for Firefox and Chromium: packages, hashes, how to install.',
    section: 'none',
    body: 'extension/install.html',
    entry: 'extension/install.ts',
    indexed: true,
  },
  {
    file: '404.html',
    title: 'Page not found · AITBC',
    description: 'There is no page at this address.',
    section: 'none',
    body: 'not-found/not-found.html',
    entry: 'not-found/main.tsx',
    indexed: false,
  },
  {
    file: 'not-built.html',
    title: 'Not built yet · AITBC',
    description: 'This part of the site does not exist yet.',
    section: 'none',
    body: 'not-built/not-built.html',
    entry: 'not-built/main.tsx',
    indexed: false,
  },
]

function docsEntry(page: DocsPage): Page {
  return {
    file: page.name === 'index' ? 'docs/index.html' : `docs/${page.name}.html`,
    title: page.name === 'index' ? 'Docs · AITBC' : `${page.title} · AITBC docs`,
    description: page.description,
    section: 'docs',
    body: () => renderDocsBody(page.name, articleOf(page)),
    entry: 'docs/main.tsx',
    indexed: true,
  }
}
