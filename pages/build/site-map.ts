/**
 * Every page that the build makes, one entry each. `file` is the name in `pages/dist`, and as
 * `html_handling` is off, also the address.
 */

/** Parts of the site that the header links: only what exists. */
export const navigation = [
  { section: 'explorer', label: 'Explorer', href: '/explorer/' },
  { section: 'docs', label: 'Docs', href: '/docs/' },
] as const

export type Section = (typeof navigation)[number]['section'] | 'home' | 'none'

/** `body`: path under `pages/` of an HTML fragment or of Markdown; `entry`: its module. */
export type Page = {
  readonly file: string
  readonly title: string
  readonly description: string
  readonly section: Section
  readonly body: string
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
    file: 'docs/index.html',
    title: 'Docs · AITBC',
    description: 'How to run AITBC, buy and sell compute with it, and check what it says.',
    section: 'docs',
    body: 'docs/content/index.md',
    entry: 'docs/main.tsx',
    indexed: true,
  },
  {
    file: 'docs/getting-started.html',
    title: 'Getting started · AITBC docs',
    description: 'From an empty machine to a paid and proven AI job.',
    section: 'docs',
    body: 'docs/content/getting-started.md',
    entry: 'docs/main.tsx',
    indexed: true,
  },
  {
    file: 'docs/browser-wallet.html',
    title: 'Browser wallet · AITBC docs',
    description: 'There is no browser wallet yet; where keys are today.',
    section: 'docs',
    body: 'docs/content/browser-wallet.md',
    entry: 'docs/main.tsx',
    indexed: true,
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

/** Docs pages in reading order, for the side navigation: those that describe what exists. */
export const docsNavigation = [
  { label: 'Overview', href: '/docs/' },
  { label: 'Getting started', href: '/docs/getting-started.html' },
] as const
