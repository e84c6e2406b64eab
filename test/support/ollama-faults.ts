/** Faults that the test server for Ollama's HTTP API can show, and how it shows them in mid-answer. */
import type { ServerResponse } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'

/** All counts of tokens are of answer tokens that were sent before the fault. */
export type OllamaFaults = {
  /** Answers 503 to every request for work. */
  readonly busy?: boolean
  /** Answers 503 to work beyond this many answers at a time. */
  readonly parallelMax?: number
  /** Answers every request with this instead. */
  readonly reply?: { readonly status: number; readonly type: string; readonly body: string }
  /** Sends an error line. */
  readonly errorAfterTokens?: number
  /** Breaks the connection. */
  readonly dropAfterTokens?: number
  /** Ends the answer without its last line. */
  readonly endAfterTokens?: number
  /** Sends a line that is not JSON. */
  readonly garbageAfterTokens?: number
  /** Sends nothing more and keeps the connection. */
  readonly stallAfterTokens?: number
  /** Waits before each token. */
  readonly tokenDelayMs?: number
  /** Claims this many tokens at the end. */
  readonly evalCount?: number
}

/** How far an answer is. */
type Progress = {
  readonly response: ServerResponse
  readonly gone: AbortController
  /** Tokens sent so far. */
  readonly sent: number
}

/** Does the fault that is due; true when it ends the answer. */
export async function misbehave(faults: OllamaFaults, progress: Progress): Promise<boolean> {
  const { sent, response, gone } = progress
  const due = (after: number | undefined): boolean => after !== undefined && sent >= after
  if (faults.tokenDelayMs !== undefined) {
    await delay(faults.tokenDelayMs, undefined, { signal: gone.signal }).catch(() => {})
  }
  if (due(faults.stallAfterTokens)) {
    if (gone.signal.aborted) return true
    await new Promise((resolve) => gone.signal.addEventListener('abort', resolve, { once: true }))
    return true
  }
  if (due(faults.errorAfterTokens)) {
    response.end('{"error":"an error was encountered while running the model: unexpected EOF"}\n')
    return true
  }
  if (due(faults.garbageAfterTokens)) {
    response.end('<html>not an answer</html>\n')
    return true
  }
  if (due(faults.endAfterTokens)) {
    response.end()
    return true
  }
  if (due(faults.dropAfterTokens)) {
    response.destroy()
    return true
  }
  return false
}
