/**
 * Exit codes of the client, and the failure that carries one: thrown where a run cannot go on, caught in
 * one place, which prints its message and leaves.
 */
export const exitCodes = {
  ok: 0,
  generic: 1,
  usage: 2,
  auth: 3,
  notFound: 4,
  conflict: 5,
  network: 6,
  timeout: 7,
  server: 8,
  interrupt: 130,
} as const

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes]

/** Why a run ends without success. `code` is for programs, the message for people. */
export class ClientFault extends Error {
  override readonly name = 'ClientFault'
  readonly exitCode: ExitCode
  readonly code: string
  /** What the site added to its error, as it came. */
  readonly details: unknown

  constructor(exitCode: ExitCode, code: string, message: string, details?: unknown) {
    super(message)
    this.exitCode = exitCode
    this.code = code
    this.details = details
  }
}

/** The exit code that an HTTP status deserves. */
export function exitCodeOf(status: number): ExitCode {
  if (status === 401 || status === 403) return exitCodes.auth
  if (status === 404) return exitCodes.notFound
  if (status === 402 || status === 409 || status === 429) return exitCodes.conflict
  if (status === 408 || status === 504) return exitCodes.timeout
  if (status >= 500) return exitCodes.server
  return status >= 400 ? exitCodes.usage : exitCodes.generic
}
