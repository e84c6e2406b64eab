/**
 * How hard a password is to guess, by zxcvbn-ts with the same lists of leaked passwords, words and names as
 * every program of the network. The lists weigh more than the daemon, so they are evaluated when somebody
 * first chooses a password.
 */
import { checkNewPassword, type PasswordEstimate } from '../../core/wallet/password.ts'

type Estimator = (password: string, known: readonly string[]) => PasswordEstimate

/** Beyond its first hundred characters no password gets weaker, only slower to judge. */
const judgedCharsMax = 100

let estimator: Promise<Estimator> | undefined

/**
 * Why a password is not taken; undefined for a good one. `known`: what an attacker knows anyway, such as
 * the wallet's name.
 */
export async function passwordFault(
  password: string,
  known: readonly string[],
): Promise<string | undefined> {
  estimator ??= loadEstimator()
  const estimate = (await estimator)(password.slice(0, judgedCharsMax), known)
  const checked = checkNewPassword(password, estimate)
  return checked.ok ? undefined : checked.error.message
}

async function loadEstimator(): Promise<Estimator> {
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
  return (password, known) => {
    const { guessesLog10, feedback } = zxcvbn(password, [...known])
    const advice = [feedback.warning ?? '', ...feedback.suggestions]
    return { guessesLog10, advice: advice.filter((each) => each !== '') }
  }
}
