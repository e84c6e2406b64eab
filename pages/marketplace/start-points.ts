/** Questions to start from, for each model those that some miner can serve with it. */
import type { AnswerForm } from './chat-stream.ts'

/** What is asked of a model before it is offered a start. */
type Served = {
  readonly engines: readonly string[]
  readonly features: readonly string[]
  readonly context_tokens: number
}

/** `text`: what fills the box, written so that what one adds stands at its end. */
export type StartPoint = {
  readonly name: string
  readonly text: string
  readonly maxTokens: number
  readonly form: AnswerForm
}

/** Context below which a text of a page does not fit beside its answer. */
const contextTokensMin = 1_024

const general: readonly StartPoint[] = [
  {
    name: 'Summarise a text',
    text: 'Summarise the text below in three sentences.\n\n',
    maxTokens: 256,
    form: 'text',
  },
  {
    name: 'Translate',
    text: 'Translate the text below into English. Answer with the translation alone.\n\n',
    maxTokens: 512,
    form: 'text',
  },
  {
    name: 'Extract fields as JSON',
    text: 'Read the text below. Answer with one JSON object with the fields "name", "date" and "amount", null where the text does not say.\n\n',
    maxTokens: 256,
    form: 'json',
  },
  {
    name: 'Explain code',
    text: 'Explain step by step what the code below does, and say what could go wrong in it.\n\n',
    maxTokens: 512,
    form: 'text',
  },
]

/** The demo model knows a handful of answers, this one among them. */
const demo: readonly StartPoint[] = [
  {
    name: 'Ask for a capital',
    text: 'What is the capital of France?',
    maxTokens: 40,
    form: 'text',
  },
]

/** Forms of an answer that some miner of the model gives. */
export const formsOf = ({ features }: Pick<Served, 'features'>): readonly AnswerForm[] =>
  features.includes('chat') && features.includes('json') ? ['text', 'json'] : ['text']

/** What a model that answers in a chat is offered; one that only makes vectors has none. */
export function startPointsOf(model: Served): readonly StartPoint[] {
  const { engines, features, context_tokens: context } = model
  if (!features.includes('chat')) return []
  if (engines.length > 0 && engines.every((engine) => engine === 'embedded')) return demo
  // 0: its miners do not say.
  if (context !== 0 && context < contextTokensMin) return []
  return general.filter(({ form }) => formsOf(model).includes(form))
}
