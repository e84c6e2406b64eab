/**
 * The fetch that the Ollama client gets. It adds what the client lacks: an abort that also works
 * before the first byte, bounds on what the server may send, and silence: left alone, the client
 * writes broken answers to the console, and with them what people asked.
 */

export type GuardedFetchOptions = { readonly signal: AbortSignal }

const LINE_BYTES_MAX = 1_048_576
const ERROR_BYTES_MAX = 65_536
const NEWLINE = 10
const STREAM_PATHS = ['/api/chat', '/api/generate']

/** Made anew for each call, as the signal belongs to the call. */
export function guardedFetch({ signal }: GuardedFetchOptions): typeof fetch {
  return async (input, init) => {
    const signals = init?.signal ? [init.signal, signal] : [signal]
    const response = await fetch(input, { ...init, signal: AbortSignal.any(signals) })
    if (!response.ok) return await plainError(response)
    // By path and not by content type: the client reads lines whatever the server calls them.
    const isStream = STREAM_PATHS.some((path) => String(input).endsWith(path))
    if (response.body === null || !isStream) return response
    const { status, headers } = response
    return new Response(response.body.pipeThrough(checkLines()), { status, headers })
  }
}

/** Rewrites any error answer into the one form that the client understands: `{error: text}`. */
async function plainError(response: Response): Promise<Response> {
  const text = await readBounded(response)
  const body = JSON.stringify({ error: errorText(text) || response.statusText || 'no reason' })
  const headers = { 'content-type': 'application/json' }
  return new Response(body, { status: response.status, headers })
}

function errorText(body: string): string {
  try {
    const parsed: unknown = JSON.parse(body)
    if (typeof parsed !== 'object' || parsed === null || !('error' in parsed)) return body
    return typeof parsed.error === 'string' ? parsed.error : JSON.stringify(parsed.error)
  } catch {
    return body
  }
}

async function readBounded(response: Response): Promise<string> {
  if (response.body === null) return ''
  const decoder = new TextDecoder()
  let text = ''
  for await (const chunk of response.body) {
    text += decoder.decode(chunk, { stream: true })
    if (text.length > ERROR_BYTES_MAX) break
  }
  return text.slice(0, ERROR_BYTES_MAX)
}

/** Lets whole lines of JSON objects pass and fails on anything else. */
function checkLines(): TransformStream<Uint8Array, Uint8Array> {
  let parts: Uint8Array[] = []
  let size = 0
  const flushLine = (controller: TransformStreamDefaultController<Uint8Array>): void => {
    const line = Buffer.concat(parts)
    parts = []
    size = 0
    if (line.length <= 1 && line.toString().trim() === '') return
    if (!isJsonObject(line.toString())) throw new Error('a line of the answer is not JSON')
    controller.enqueue(line)
  }
  return new TransformStream({
    transform(chunk, controller) {
      let from = 0
      while (from < chunk.length) {
        const at = chunk.indexOf(NEWLINE, from)
        const to = at < 0 ? chunk.length : at + 1
        parts.push(chunk.subarray(from, to))
        size += to - from
        if (size > LINE_BYTES_MAX) throw new Error('a line of the answer is too long')
        if (at >= 0) flushLine(controller)
        from = to
      }
    },
    flush: flushLine,
  })
}

function isJsonObject(line: string): boolean {
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === 'object' && value !== null && !Array.isArray(value)
  } catch {
    return false
  }
}
