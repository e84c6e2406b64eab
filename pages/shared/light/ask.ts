/** How a check asks the site, and how it ends when it cannot go on. */
import type { Checked } from './messages.ts'

/** An end of a check that is no verdict of the light client; thrown. */
export type Refusal = { readonly refusal: Exclude<Checked, { readonly state: 'verified' }> }

/** What checks have cost so far in this worker. */
export type Cost = { proofBytes: number; workMs: number }

const requestMsMax = 10_000

/** GETs JSON of the site and counts its bytes; throws a `Refusal`. */
export async function ask(path: string, cost: Cost): Promise<unknown> {
  let response: Response
  let json: unknown
  try {
    response = await fetch(path, {
      headers: { accept: 'application/json' },
      signal: AbortSignal.timeout(requestMsMax),
    })
    const text = await response.text()
    cost.proofBytes += text.length
    json = JSON.parse(text)
  } catch {
    throw refused('UNREACHABLE', 'The site does not answer with a proof.')
  }
  if (response.ok) return json
  const { code, message } = (json as { error?: { code?: unknown; message?: unknown } })?.error ?? {}
  const reason = sentence(typeof message === 'string' ? message : `it answered ${response.status}`)
  if (code === 'NOT_FINAL') throw notFinal(reason)
  throw refused('REFUSED', `The site shows no proof: ${reason}`)
}

/** Does a piece of work and counts its time. */
export function timed<T>(cost: Cost, work: () => T): T {
  const startedAt = performance.now()
  const done = work()
  cost.workMs += performance.now() - startedAt
  return done
}

export const unverifiable = (
  code: string,
  reason: string,
): Extract<Checked, { state: 'unverifiable' }> => ({ state: 'unverifiable', code, reason })

export const refused = (code: string, reason: string): Refusal => ({
  refusal: unverifiable(code, reason),
})

export const notFinal = (reason: string): Refusal => ({ refusal: { state: 'not-final', reason } })

export const sentence = (message: string): string =>
  `${message.charAt(0).toUpperCase()}${message.slice(1)}${message.endsWith('.') ? '' : '.'}`
