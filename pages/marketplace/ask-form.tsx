/** The question, its form and length, and what it would cost; with texts to start from. */
import { useRef } from 'preact/hooks'
import { Amount } from '../shared/ui/amount.tsx'
import { NumberField, SelectField, TextAreaField } from '../shared/ui/form/fields.tsx'
import { Form } from '../shared/ui/form/form.tsx'
import type { AnswerForm, Question } from './chat-stream.ts'
import { ceilingFor, EstimateView, useEstimate } from './estimate.tsx'
import type { StartPoint } from './start-points.ts'

const promptCharsMax = 20_000
export const maxTokensMax = 32_768

type AskFormProps = {
  prompt: string
  onPrompt: (text: string) => void
  maxTokens: string
  onMaxTokens: (text: string) => void
  forms: readonly AnswerForm[]
  form: AnswerForm
  onForm: (form: AnswerForm) => void
  starts: readonly StartPoint[]
  question: Question | undefined
  running: boolean
  /** `limit`: the price that was shown, if any. */
  onAsk: (question: Question, limit: bigint | undefined) => void
}

export function AskForm(props: AskFormProps) {
  const { prompt, onPrompt, maxTokens, onMaxTokens, onForm, starts, question, running, onAsk } =
    props
  const estimate = useEstimate(question)
  const ceiling = ceilingFor(question, estimate)
  const tokensTyped = useRef(false)
  const begin = ({ text, maxTokens: most, form }: StartPoint) => {
    onPrompt(text)
    onForm(form)
    if (!tokensTyped.current) onMaxTokens(String(most))
  }
  return (
    <Form
      label="Ask a model"
      send="Ask"
      disabled={running ? 'An answer is on its way.' : undefined}
      cost={<CostLine ceiling={ceiling} />}
      check={() => {
        const problems = []
        if (prompt.trim() === '') problems.push({ field: 'prompt', message: 'Write a question.' })
        else if (prompt.length > promptCharsMax) {
          problems.push({ field: 'prompt', message: 'The question is too long.' })
        }
        if (problems.length === 0 && !question) {
          problems.push({
            field: 'tokens',
            message: `Enter whole tokens, 1 to ${maxTokensMax.toLocaleString('en')}.`,
          })
        }
        return problems
      }}
      onSend={async () => {
        if (question) onAsk(question, ceiling)
        return undefined
      }}
    >
      <TextAreaField
        name="prompt"
        label="Question"
        required
        rows={5}
        value={prompt}
        lengthMax={promptCharsMax}
        onValue={onPrompt}
      />
      <Starts starts={prompt === '' ? starts : []} onBegin={begin} />
      <FormField {...props} />
      <NumberField
        name="tokens"
        label="Answer at most"
        required
        unit="tokens"
        value={maxTokens}
        onValue={(typed) => {
          tokensTyped.current = true
          onMaxTokens(typed)
        }}
      />
      <EstimateView estimate={estimate} />
    </Form>
  )
}

type StartsProps = { starts: readonly StartPoint[]; onBegin: (start: StartPoint) => void }

/** Where to start. Goes when one is chosen, and gives its focus to the box, at the end of the text. */
function Starts({ starts, onBegin }: StartsProps) {
  const strip = useRef<HTMLFieldSetElement>(null)
  if (starts.length === 0) return null
  const begin = (start: StartPoint) => {
    const box = strip.current?.closest('form')?.querySelector('textarea')
    onBegin(start)
    requestAnimationFrame(() => {
      box?.focus()
      box?.setSelectionRange(start.text.length, start.text.length)
    })
  }
  return (
    <fieldset class="starts" ref={strip}>
      <legend class="small muted">Start from</legend>
      {starts.map((start) => (
        <button
          key={start.name}
          type="button"
          class="button button-small"
          onClick={() => begin(start)}
        >
          {start.name}
        </button>
      ))}
    </fieldset>
  )
}

const formNames: Record<AnswerForm, string> = { text: 'Text', json: 'JSON' }

function FormField({ forms, form, onForm }: AskFormProps) {
  if (forms.length < 2) return null
  return (
    <SelectField
      name="form"
      label="Answer as"
      required
      hint={
        form === 'json'
          ? 'Only miners that hold answers to JSON are asked. Price and miners below count the others too.'
          : undefined
      }
      value={form}
      options={forms.map((value) => ({ value, label: formNames[value] }))}
      onValue={(value) => onForm(value === 'json' ? 'json' : 'text')}
    />
  )
}

function CostLine({ ceiling }: { ceiling: bigint | undefined }) {
  return ceiling !== undefined ? (
    <>
      At most <Amount units={ceiling} />
    </>
  ) : (
    <>The price stands here</>
  )
}
