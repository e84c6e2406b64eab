/** One streamed chat completion as a client of OpenAI's format reads it, with the moment of each token. */
import { monotonicMs } from './clock.ts'
import type { HttpClient } from './http-client.ts'
import { scriptedModel, stampsIn } from './scripted-engine.ts'

export type ReadToken = {
  /** When the engine handed it over, and when its event was here; `monotonicMs`. */
  readonly sentAtMs: number
  readonly readAtMs: number
}

export type ReadAnswer = {
  readonly requestedAtMs: number
  readonly tokens: readonly ReadToken[]
  readonly endedAtMs: number
}

/** Asks and reads to the end. Pieces are only noted while they arrive, and read afterwards. */
export async function readChat(
  http: HttpClient,
  ask: { readonly apiKey: string; readonly tokens: number },
): Promise<ReadAnswer> {
  const body = JSON.stringify({
    model: scriptedModel,
    messages: [{ role: 'user', content: 'What time is it?' }],
    max_tokens: ask.tokens,
    stream: true,
  })
  const pieces: { readonly atMs: number; readonly piece: Buffer }[] = []
  const requestedAtMs = monotonicMs()
  const headers = { authorization: `Bearer ${ask.apiKey}` }
  const status = await http.stream('/v1/chat/completions', body, headers, (piece) => {
    pieces.push({ atMs: monotonicMs(), piece })
  })
  const endedAtMs = monotonicMs()
  const text = () => Buffer.concat(pieces.map(({ piece }) => piece)).toString()
  // On a busy machine a sign of life may still be under way behind the end.
  if (status !== 200 || !/data: \[DONE\]\n\n(?:: ping\n\n)*$/.test(text())) {
    throw new Error(`a stream was answered with ${status}: ${text().slice(-400)}`)
  }
  return { requestedAtMs, tokens: tokensOf(pieces), endedAtMs }
}

function tokensOf(pieces: readonly { atMs: number; piece: Buffer }[]): ReadToken[] {
  const tokens: ReadToken[] = []
  let pending = ''
  for (const { atMs, piece } of pieces) {
    pending += piece.toString('latin1')
    const events = pending.split('\n\n')
    pending = events.pop() ?? ''
    for (const event of events) {
      for (const sentAtMs of stampsIn(contentOf(event))) tokens.push({ sentAtMs, readAtMs: atMs })
    }
  }
  return tokens
}

function contentOf(event: string): string {
  if (!event.startsWith('data: {')) return ''
  const { choices } = JSON.parse(event.slice('data: '.length)) as {
    choices?: { delta?: { content?: string } }[]
  }
  return choices?.[0]?.delta?.content ?? ''
}
