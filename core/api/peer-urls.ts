/** The list of peers in the configuration of a site. */
import { isLoopback } from '../base/loopback.ts'
import { err, ok, type Result } from '../base/result.ts'

/** Most peers of one site: each costs a request every ten seconds. */
export const peersMax = 16

/** Why a list cannot be used. */
export type PeersError = { readonly code: 'CONFIG_INVALID'; readonly message: string }

/**
 * Reads `PEERS`: origins of other sites, comma-separated, such as `https://a.example,https://b.example`.
 * Plain HTTP only on loopback. An empty list is fine.
 */
export function readPeerUrls(text: string | undefined): Result<readonly string[], PeersError> {
  const urls = (text ?? '')
    .split(',')
    .map((part) => part.trim().replace(/\/$/, ''))
    .filter((part) => part !== '')
  if (urls.length > peersMax) return invalid(`PEERS: at most ${peersMax}.`)
  for (const url of urls) {
    const [, scheme, host] =
      /^(https?):\/\/([a-zA-Z0-9.-]+|\[[0-9a-f:]+\])(?::\d{1,5})?$/.exec(url) ?? []
    if (host === undefined) return invalid('PEERS: each is an origin such as https://a.example.')
    if (scheme === 'http' && !isLoopback(host)) return invalid('PEERS: http only on this machine.')
  }
  if (new Set(urls).size < urls.length) return invalid('PEERS: one is named twice.')
  return ok(urls)
}

const invalid = (message: string): Result<never, PeersError> =>
  err({ code: 'CONFIG_INVALID', message })
