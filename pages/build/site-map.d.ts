/**
 * Every page that the build makes, one entry each. `file` is the name in `pages/dist`, and as
 * `html_handling` is off, also the address.
 */
/** Parts of the site that the header links: only what exists. */
export declare const navigation: readonly [
  {
    readonly section: 'explorer'
    readonly label: 'Explorer'
    readonly href: '/explorer/'
  },
  {
    readonly section: 'docs'
    readonly label: 'Docs'
    readonly href: '/docs/index.html'
  },
]
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
export declare const sitePages: readonly Page[]
/** Docs pages in reading order, for the side navigation. */
export declare const docsNavigation: readonly [
  {
    readonly label: 'Overview'
    readonly href: '/docs/index.html'
  },
  {
    readonly label: 'Getting started'
    readonly href: '/docs/getting-started.html'
  },
]
