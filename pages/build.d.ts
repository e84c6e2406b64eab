/** Where the build lands. */
export declare const pagesDist: string
/** Content of `csp-hashes.json`: sources for `script-src`, each in its quotes. */
export type CspHashes = {
  readonly scriptSrc: readonly string[]
}
/** Builds everything; throws when a page breaks a rule of the site's CSP. */
export declare function buildPages(options?: { readonly quiet?: boolean }): Promise<CspHashes>
