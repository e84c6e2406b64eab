/**
 * The one Trusted Types policy of the pages: it lets the addresses of this site's own built workers through
 * and nothing else. Its name stands in the content security policy, and may be taken once a page.
 */

type TrustedTypes = {
  createPolicy(
    name: string,
    rules: { readonly createScriptURL: (text: string) => string },
  ): { createScriptURL(text: string): unknown }
}

/** As the build names workers. */
const builtWorker = /^\/assets\/[a-z]+-worker-[\w-]{8}\.js$/

/** Starts a built worker; `url` is what its `?worker&url` import gives. Throws for any other address. */
export function startBuiltWorker(url: string): Worker {
  const { trustedTypes } = globalThis as { trustedTypes?: TrustedTypes }
  policy ??= trustedTypes?.createPolicy('aitbc-worker', { createScriptURL: requireBuilt })
  const trusted = policy ? policy.createScriptURL(url) : requireBuilt(url)
  return new Worker(trusted as string, { type: 'module' })
}

let policy: ReturnType<TrustedTypes['createPolicy']> | undefined

function requireBuilt(url: string): string {
  if (builtWorker.test(url)) return url
  throw new TypeError('no other script')
}
