/**
 * Webhooks: where news of a job may go, what it says and when it is tried again. Signed as the Standard
 * Webhooks specification 1.0.0 says (standardwebhooks.com): HMAC-SHA256 over `id.timestamp.body`. Rules:
 * SPEC.md, HOOK.
 */
import { isLoopback } from '../base/loopback.ts'
import { formatTime } from '../base/rfc3339.ts'
import { isTerminal, type Job } from './job.ts'

/** Bounds. */
export const webhookLimits = {
  urlBytesMax: 2_048,
  /** Pauses before the second and later tries; after the last one it is given up. */
  pausesMs: [5_000, 30_000, 120_000, 600_000, 3_600_000, 21_600_000],
} as const

/** What ended jobs are called. */
export type WebhookEvent = 'job.completed' | 'job.failed' | 'job.canceled' | 'job.expired'

/**
 * Why news are not sent to a URL; undefined: they are. https to a public name or address only. A site on
 * this very machine may also be told to call this machine, over plain HTTP. Names are not looked up here:
 * docs/runbook says what a site must not be able to reach.
 */
export function webhookUrlFault(text: string, isSiteLocal: boolean): string | undefined {
  if (text.length > webhookLimits.urlBytesMax) return 'is too long'
  const match = /^(https?):\/\/([^/?#@\s\\]+)(?:[/?#][\x21-\x7e]*)?$/.exec(text)
  if (!match) return 'must be a URL that begins with https://, without user name or blanks'
  const [, scheme = '', authority = ''] = match
  const host = authority.replace(/:\d{1,5}$/, '').toLowerCase()
  if (isSiteLocal && isLoopback(host)) return undefined
  if (scheme !== 'https') return 'must begin with https://'
  return isPublicHost(host) ? undefined : 'must name a public host'
}

/** The news of a job that has ended. */
export function webhookEventOf(job: Job): WebhookEvent | undefined {
  if (!isTerminal(job.state)) return undefined
  return `job.${job.state}` as WebhookEvent
}

/** The body that is sent and signed: where the job stands, and nothing of question or answer. */
export function webhookBody(
  event: WebhookEvent,
  job: Job,
  nowMs: number,
): Readonly<Record<string, unknown>> {
  return {
    type: event,
    timestamp: formatTime(nowMs),
    data: {
      job_id: job.jobId,
      state: job.state,
      requested_at: formatTime(job.requestedAtMs),
      ended_at: job.endedAtMs === undefined ? null : formatTime(job.endedAtMs),
      attempts: job.attempts.filter(({ state }) => state !== 'rejected').length,
      error: job.error ? { code: job.error.code, message: job.error.message } : null,
    },
  }
}

/** What is signed: the id and time of the delivery, and its body byte for byte. */
export const webhookSigned = (input: {
  readonly id: string
  /** Unix seconds. */
  readonly timestamp: number
  readonly body: string
}): string => `${input.id}.${input.timestamp}.${input.body}`

/** Pause after this many tries; undefined: that was the last. */
export const webhookPauseMs = (attempts: number): number | undefined =>
  webhookLimits.pausesMs[attempts - 1]

/** A name with a dot that is no private suffix, or an address of the open internet. */
function isPublicHost(host: string): boolean {
  if (host.startsWith('[')) return isPublicIpv6(host)
  const name = host.replace(/\.$/, '')
  const parts = name.split('.')
  const last = parts[parts.length - 1] ?? ''
  // What ends in a number is an address, in whatever spelling: only the plain one is read.
  if (/^(?:\d+|0x[0-9a-f]*)$/.test(last)) return isPublicIpv4(parts)
  if (parts.length < 2 || !parts.every((part) => /^[a-z0-9_-]{1,63}$/.test(part))) return false
  return !privateSuffixes.has(last) && !name.endsWith('.home.arpa')
}

const privateSuffixes: ReadonlySet<string> = new Set([
  'localhost',
  'local',
  'internal',
  'intranet',
  'lan',
  'home',
  'corp',
  'private',
  'test',
  'invalid',
  'onion',
])

/** RFC 6890 and its registry: everything that is not globally reachable. */
function isPublicIpv4(parts: readonly string[]): boolean {
  if (parts.length !== 4 || !parts.every((part) => /^(?:0|[1-9]\d{0,2})$/.test(part))) return false
  const [a, b, c, d] = parts.map(Number) as [number, number, number, number]
  if ([a, b, c, d].some((part) => part > 255)) return false
  if (a === 0 || a === 10 || a === 127 || a >= 224) return false
  if (a === 100 && b >= 64 && b <= 127) return false
  if ((a === 169 && b === 254) || (a === 192 && b === 168)) return false
  if (a === 172 && b >= 16 && b <= 31) return false
  if (a === 192 && b === 0 && (c === 0 || c === 2)) return false
  if (a === 198 && (b === 18 || b === 19 || (b === 51 && c === 100))) return false
  return !(a === 192 && b === 88 && c === 99) && !(a === 203 && b === 0 && c === 113)
}

/** Global unicast, 2000::/3, without what carries or documents others. */
function isPublicIpv6(host: string): boolean {
  if (!/^\[[0-9a-f:]{2,39}\]$/.test(host)) return false
  const [first = '', second = ''] = host.slice(1, -1).split(':')
  if (!/^[23][0-9a-f]{3}$/.test(first)) return false
  // 6to4, Teredo and the documentation prefixes hold or mean other addresses.
  if (first === '2002' || first === '3fff') return false
  return !(first === '2001' && (second === '' || /^(?:0{0,4}|d[b]8|0db8|0?0?[12].)$/.test(second)))
}
