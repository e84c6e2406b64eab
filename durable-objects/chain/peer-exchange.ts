/**
 * One exchange with another site over HTTP: bounded in time and bytes, and every way in which it can fail
 * has its code.
 */
import type { PeerFailureCode } from '../../core/api/sync-service.ts'
import { err, ok, type Result } from '../../core/base/result.ts'
import { syncMediaType } from '../../core/chain/sync-wire.ts'

export type PeerFetch = (url: string, init: RequestInit) => Promise<Response>

/** Why an exchange failed, for people and for the wait that follows. */
export type PeerFault = { readonly code: PeerFailureCode; readonly message: string }

export type ExchangeInput = {
  readonly fetch: PeerFetch
  readonly url: string
  /** Posted; without one the address is read. */
  readonly body?: Uint8Array
  readonly headers?: Readonly<Record<string, string>>
  /** Media type of body and answer; that of sync messages unless given. */
  readonly mediaType?: string
  /** Most bytes of the answer; what is longer is not read to its end. */
  readonly bytesMax: number
  /** For all of it, from the first byte sent to the last one received. */
  readonly timeoutMs: number
}

/** Posts bytes, or reads an address, and returns the answer's bytes. Never rejects. */
export async function exchange(input: ExchangeInput): Promise<Result<Uint8Array, PeerFault>> {
  const aborter = new AbortController()
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<Result<never, PeerFault>>((resolve) => {
    timer = setTimeout(() => {
      resolve(fault('TIMEOUT', `no whole answer within ${input.timeoutMs} ms`))
      aborter.abort()
    }, input.timeoutMs)
  })
  try {
    return await Promise.race([talk(input, aborter.signal), late])
  } finally {
    clearTimeout(timer)
    // Whatever is still on its way is of no use any more.
    aborter.abort()
  }
}

async function talk(
  input: ExchangeInput,
  signal: AbortSignal,
): Promise<Result<Uint8Array, PeerFault>> {
  try {
    const { body } = input
    const expected = input.mediaType ?? syncMediaType
    const response = await input.fetch(input.url, {
      ...(body ? { method: 'POST', body } : { method: 'GET' }),
      headers: { [body ? 'content-type' : 'accept']: expected, ...input.headers },
      redirect: 'manual',
      signal,
    })
    const type = response.headers.get('content-type')?.split(';')[0]?.trim()
    if (response.status !== 200) return await refusal(response, type)
    if (type !== expected) {
      await response.body?.cancel()
      return fault('CONTENT_TYPE_INVALID', `it answered ${shown(type)} instead of ${expected}`)
    }
    return await readBounded(response, input.bytesMax)
  } catch (error) {
    return fault('UNREACHABLE', error instanceof Error ? error.message : String(error))
  }
}

const refusalBytesMax = 8_192

/** What a site says when it refuses is JSON with a code; anything else is not looked at. */
async function refusal(
  response: Response,
  type: string | undefined,
): Promise<Result<never, PeerFault>> {
  const { status } = response
  if (type !== 'application/json') {
    await response.body?.cancel()
    return fault('REFUSED_BY_PEER', `status ${status}, ${shown(type)}`)
  }
  const read = await readBounded(response, refusalBytesMax)
  const code = read.ok ? codeIn(read.value) : undefined
  if (code === 'GENESIS_MISMATCH' || code === 'PROTOCOL_MISMATCH') {
    return fault(code, 'so it says of this site')
  }
  if (code === 'BLOCK_NOT_KEPT') {
    return fault(code, 'it began from a snapshot above what is asked for')
  }
  if (code === 'RATE_LIMIT_EXCEEDED') return fault('RATE_LIMITED', 'too many requests for it')
  if (status === 404) return fault('NOT_SERVED', 'it does not have what is asked for')
  return fault('REFUSED_BY_PEER', `status ${status}${code === undefined ? '' : `, ${code}`}`)
}

function codeIn(bytes: Uint8Array): string | undefined {
  try {
    const json = JSON.parse(new TextDecoder().decode(bytes)) as { error?: { code?: unknown } }
    const code = json.error?.code
    return typeof code === 'string' && /^[A-Z_]{1,40}$/.test(code) ? code : undefined
  } catch {
    return undefined
  }
}

async function readBounded(
  response: Response,
  bytesMax: number,
): Promise<Result<Uint8Array, PeerFault>> {
  const reader = (response.body as ReadableStream<Uint8Array> | null)?.getReader()
  const chunks: Uint8Array[] = []
  let size = 0
  for (;;) {
    const piece = await reader?.read()
    if (!piece || piece.done) break
    size += piece.value.length
    if (size > bytesMax) {
      await reader?.cancel().catch(() => undefined)
      return fault('ANSWER_TOO_LARGE', `its answer is longer than ${bytesMax} bytes`)
    }
    chunks.push(piece.value)
  }
  const whole = new Uint8Array(size)
  let at = 0
  for (const chunk of chunks) {
    whole.set(chunk, at)
    at += chunk.length
  }
  return ok(whole)
}

/** A header of a stranger, fit for a log. */
const shown = (type: string | undefined): string =>
  type === undefined ? 'no content type' : type.replace(/[^\w/+.-]/g, '').slice(0, 60)

const fault = (code: PeerFailureCode, message: string): Result<never, PeerFault> =>
  err({ code, message: message.slice(0, 200) })
