/** How the pages speak. */
import { Section } from './parts.tsx'

const rules = [
  ['Sentence case, verbs on buttons.', 'Close escrow', 'CONFIRM ACTION'],
  ['Plain English; one word has one meaning.', 'Not yet final', 'Pending confirmation'],
  ['No promises and no exclamation marks.', 'Paid in block 1,204', 'Success! Your tokens are safe'],
  [
    'An error says what happened, what it means for your money, and what to do.',
    'The site did not answer. Nothing was sent, so nothing was paid. Try again.',
    'Something went wrong',
  ],
  ['What is empty says what would be here, and how to make it so.', 'No receipts yet', 'No data'],
  ['A figure that is old says how old.', 'Figures from 40 s ago', 'Live'],
] as const

export function Wording() {
  return (
    <Section
      id="words"
      title="Words"
      lead="Words are parts too. Colour and shape never say anything that a word does not."
    >
      <dl class="wording">
        {rules.map(([rule, yes, no]) => (
          <div key={rule}>
            <dt>{rule}</dt>
            <dd>
              <span class="muted">Say</span> {yes}
            </dd>
            <dd>
              <span class="muted">Not</span> <s>{no}</s>
            </dd>
          </div>
        ))}
      </dl>
    </Section>
  )
}
