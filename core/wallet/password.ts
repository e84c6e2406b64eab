/**
 * Which passwords may be chosen. The estimate of how many guesses one withstands comes from the shell (a
 * library with word lists, loaded only when a password is chosen); the rule is here.
 */
import { err, ok, type Result } from '../base/result.ts'
import { containerPassword } from './container.ts'

/** Least length in characters, and least guesses that a password must withstand, as powers of ten. */
export const passwordLimits = { charsMin: 10, guessesLog10Min: 10 } as const

/** What an estimator says of a password. `advice`: what would make it better, in words for a person. */
export type PasswordEstimate = {
  readonly guessesLog10: number
  readonly advice: readonly string[]
}

/** Why a password may not be chosen. */
export type PasswordError =
  | { readonly code: 'PASSWORD_INVALID'; readonly message: string }
  | { readonly code: 'PASSWORD_TOO_WEAK'; readonly message: string }

/**
 * Judges a password that is being chosen: never one that opens something, which may be older than the
 * rule. The password itself is in no message.
 */
export function checkNewPassword(
  password: string,
  estimate: PasswordEstimate,
): Result<undefined, PasswordError> {
  const bytes = containerPassword(password)
  if (!bytes.ok) return err({ code: 'PASSWORD_INVALID', message: bytes.error.message })
  const { charsMin, guessesLog10Min } = passwordLimits
  const { length } = [...password.normalize('NFKC')]
  if (length < charsMin) {
    return weak(`it has ${length} characters; ${charsMin} are the least`)
  }
  if (estimate.guessesLog10 >= guessesLog10Min) return ok(undefined)
  const advice = estimate.advice.length > 0 ? estimate.advice : [wayOut]
  return weak(`it would be found too soon. ${advice.join(' ')}`)
}

const wayOut = 'Take four or more words that have nothing to do with each other.'

const weak = (fault: string): Result<never, PasswordError> =>
  err({ code: 'PASSWORD_TOO_WEAK', message: `the password is too weak: ${fault}` })
