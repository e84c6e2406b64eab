/**
 * A failure on its way to the caller: thrown by routes, turned into the one error shape by the gateway.
 */
import { type ApiError, messageOf } from '../core/api/errors.ts'

export class ApiFailure extends Error {
  readonly error: ApiError
  /** Extra response headers, such as `Retry-After`. */
  readonly headers: Readonly<Record<string, string>>

  constructor(error: ApiError, headers: Readonly<Record<string, string>> = {}) {
    super(messageOf(error))
    this.error = error
    this.headers = headers
  }
}
