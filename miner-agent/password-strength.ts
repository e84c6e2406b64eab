/**
 * How many guesses a password withstands, by an estimator with lists of words and names. Loaded only when a
 * password is chosen: the lists are large.
 */
import type { PasswordEstimate } from '../core/wallet/password.ts'

/** Estimates a password; `known` are words that a guesser would try first, such as the user's name. */
export async function estimatePassword(
  password: string,
  known: readonly string[],
): Promise<PasswordEstimate> {
  const [{ zxcvbn, zxcvbnOptions }, common, english] = await Promise.all([
    import('@zxcvbn-ts/core'),
    import('@zxcvbn-ts/language-common'),
    import('@zxcvbn-ts/language-en'),
  ])
  zxcvbnOptions.setOptions({
    dictionary: { ...common.dictionary, ...english.dictionary },
    graphs: common.adjacencyGraphs,
    translations: english.translations,
  })
  // Beyond its first hundred characters no password gets weaker, only slower to judge.
  const { guessesLog10, feedback } = zxcvbn(password.slice(0, 100), [...known])
  const advice = [feedback.warning ?? '', ...feedback.suggestions].filter((each) => each !== '')
  return { guessesLog10, advice }
}
