/** Where to go after signing in: a page of this site, and nothing else. */

const here = '/wallet/sign-in'

/** The path that a `return` parameter names; the sign-in page itself for whatever is no page of this site. */
export function placeToReturn(wanted: string, origin = location.origin): string {
  // A second slash or a backslash would name another host.
  if (!/^\/(?![/\\])/.test(wanted) || /[\p{Cc}\\]/u.test(wanted)) return here
  try {
    const url = new URL(wanted, origin)
    return url.origin === origin ? url.pathname + url.search + url.hash : here
  } catch {
    return here
  }
}
