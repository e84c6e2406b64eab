/**
 * How hard a password is to guess, by zxcvbn: dictionaries, names, dates, keyboards, repetition. Large, so
 * it is fetched only where a password is chosen.
 */
import { zxcvbn, zxcvbnOptions } from '@zxcvbn-ts/core'
import { adjacencyGraphs, dictionary as common } from '@zxcvbn-ts/language-common'
import { dictionary as english, translations } from '@zxcvbn-ts/language-en'

/** `score`: 0 to 4. `words`: for people. `advice`: how to make it stronger, empty where it is enough. */
export type Strength = {
  readonly score: 0 | 1 | 2 | 3 | 4
  readonly isEnough: boolean
  readonly words: string
  readonly advice: string
}

/** Below it, a stolen file would be opened within days. */
const scoreMin = 3
/** Longer ones are judged by their beginning: the time grows with the length. */
const judgedChars = 64

const words = [
  'Guessed at once',
  'Guessed within minutes',
  'Guessed within days',
  'Strong',
  'Very strong',
] as const

zxcvbnOptions.setOptions({
  dictionary: { ...common, ...english, userInputs: ['aitbc', 'edge', 'wallet', 'gpu'] },
  graphs: adjacencyGraphs,
  translations,
})

/** Judges a password. */
export function strengthOf(password: string): Strength {
  const { score, feedback } = zxcvbn(password.slice(0, judgedChars))
  const isEnough = score >= scoreMin
  const said = [feedback.warning, ...feedback.suggestions].filter((line) => !!line).join(' ')
  return {
    score: score,
    isEnough,
    words: words[score],
    advice: isEnough ? '' : said || 'Add a few unrelated words.',
  }
}
