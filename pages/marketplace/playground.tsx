/** Ask a model: what it would cost, the answer as it comes, a stop button, and the bill with its proof. */
import { useEffect, useRef, useState } from 'preact/hooks'
import { visibleText } from '../../core/wallet/visible-text.ts'
import { Title } from '../explorer/parts.tsx'
import { amount } from '../explorer/wire.ts'
import { announce } from '../shared/frame/announce.ts'
import { here, navigate, query } from '../shared/list/url-state.ts'
import { slowEdge } from '../shared/live/chain.ts'
import { useResource } from '../shared/live/resource.ts'
import { integer, list, maybe, object, type ShapeOf, text } from '../shared/live/shape.ts'
import { ownWord } from '../shared/own.ts'
import { Amount } from '../shared/ui/amount.tsx'
import { Empty, Failed, Skeleton } from '../shared/ui/states.tsx'
import { type Trouble, TroubleNote } from '../shared/ui/trouble.tsx'
import { AskForm, maxTokensMax } from './ask-form.tsx'
import {
  type AnswerForm,
  type ChatEnd,
  type ChatNews,
  type Question,
  streamChat,
} from './chat-stream.ts'
import { Console, ConsoleLine } from './console.tsx'
import { marketPath } from './routes.ts'
import { RunResult } from './run-result.tsx'
import { formsOf, startPointsOf } from './start-points.ts'
import { counted } from './words.tsx'

const modelAnswer = object({
  data: list(
    object({
      id: text,
      context_tokens: integer(0),
      miners: integer(0),
      price_prompt: amount,
      price_completion: amount,
      engines: list(text),
      features: list(text),
    }),
  ),
  notice: maybe(text),
})
type Model = ShapeOf<typeof modelAnswer>['data'][number]

/** What the site says of its models as a whole. */
const notices: Readonly<Record<string, string>> = {
  EMBEDDED_ONLY:
    'Only the built-in demo model is served now: it is tiny, and answers a handful of questions.',
}

export function Playground() {
  const found = useResource('/v1/models', modelAnswer, slowEdge.value)
  // A question and its answer stay when the last miner leaves.
  const isOpen = useRef(false)
  if (found.phase === 'ready' && found.value.data.length > 0) isOpen.current = true
  return (
    <>
      <Title>Playground</Title>
      {found.phase === 'loading' ? (
        <p aria-busy="true">
          <Skeleton size={16} />
        </p>
      ) : found.phase === 'failed' ? (
        <Failed what="the models" failure={found.failure} retry={found.retry} />
      ) : !isOpen.current ? (
        <Empty title="No model is served now">
          <span>One can be asked as soon as a miner that serves it connects.</span>
          <a class="button button-small" href={marketPath.offers()}>
            To all offers
          </a>
        </Empty>
      ) : (
        <>
          {found.value.notice === undefined ? null : (
            <p class="small muted lead">
              {ownWord(notices, found.value.notice) ?? found.value.notice}
            </p>
          )}
          <Asking models={found.value.data} />
        </>
      )}
    </>
  )
}

type Run = {
  readonly question: Question
  readonly answer: string
  readonly jobId: string
  readonly tokens: number | undefined
  readonly finish: string
  readonly end: ChatEnd | undefined
}

function Asking({ models }: { models: readonly Model[] }) {
  // What was chosen, or stood first, stays so while miners come and go: its price was read.
  const [first] = useState(models[0]?.id ?? '')
  const model = query('model') || first
  const [prompt, setPrompt] = useState('')
  const [maxTokens, setMaxTokens] = useState('256')
  const [wanted, setWanted] = useState<AnswerForm>('text')
  const [run, setRun] = useState<Run>()
  const stop = useRef<AbortController>(undefined)
  // Who leaves the page stops the answer, and with it what it costs.
  useEffect(() => () => stop.current?.abort(), [])
  const served = models.find(({ id }) => id === model)
  const forms = served ? formsOf(served) : ['text' as const]
  const form = forms.includes(wanted) ? wanted : 'text'
  const tokens = /^\d{1,5}$/.test(maxTokens.trim()) ? Number(maxTokens) : 0
  const isWhole = prompt.trim() !== '' && tokens >= 1 && tokens <= maxTokensMax
  const question: Question | undefined =
    isWhole && model ? { model, prompt: prompt.trim(), maxTokens: tokens, form } : undefined
  const running = run !== undefined && run.end === undefined
  const ask = async (asked: Question, limit: bigint | undefined) => {
    const control = new AbortController()
    stop.current = control
    const change = (next: (before: Run) => Run) =>
      setRun((before) => before && (stop.current === control ? next(before) : before))
    setRun({
      question: asked,
      answer: '',
      jobId: '',
      tokens: undefined,
      finish: '',
      end: undefined,
    })
    const onNews = (news: ChatNews) => change((before) => withNews(before, news))
    const end = await streamChat(asked, { limit, signal: control.signal, onNews })
    change((before) => ({ ...before, end }))
    announce(endWords[end.how])
  }
  return (
    <div class="playground">
      <div class="playground-ask">
        <ModelChoice models={models} chosen={model} />
        <Console>
          {(key) => (
            <>
              <AskForm
                prompt={prompt}
                onPrompt={setPrompt}
                maxTokens={maxTokens}
                onMaxTokens={setMaxTokens}
                forms={forms}
                form={form}
                onForm={setWanted}
                starts={served ? startPointsOf(served) : []}
                question={question}
                running={running}
                onAsk={(asked, limit) => void ask(asked, limit)}
              />
              <ConsoleLine fundedKey={key} />
            </>
          )}
        </Console>
      </div>
      <div class="playground-answer">
        {run ? (
          <Answer run={run} onStop={() => stop.current?.abort()} />
        ) : (
          <Empty title="The answer stands here">
            <span>
              It comes word by word from a miner, can be stopped at any time, and ends with its bill
              and a proof of payment that this browser checks.
            </span>
          </Empty>
        )}
      </div>
    </div>
  )
}

const endWords: Record<ChatEnd['how'], string> = {
  done: 'The answer is whole',
  stopped: 'Stopped',
  failed: 'The answer failed',
}

function withNews(run: Run, news: ChatNews): Run {
  switch (news.kind) {
    case 'job':
      return run.jobId === news.jobId ? run : { ...run, jobId: news.jobId }
    case 'text':
      return { ...run, answer: run.answer + news.text }
    case 'finish':
      return { ...run, finish: news.reason }
    case 'usage':
      return { ...run, tokens: news.completion }
    default:
      return news satisfies never
  }
}

function ModelChoice({ models, chosen }: { models: readonly Model[]; chosen: string }) {
  const model = models.find(({ id }) => id === chosen)
  return (
    <div class="field model-choice">
      <label class="field-label" for="model">
        Model
      </label>
      <select
        id="model"
        class="input"
        value={chosen}
        onChange={(event) => {
          const url = new URL(here.value)
          url.searchParams.set('model', event.currentTarget.value)
          navigate(url.pathname + url.search, { replace: true })
        }}
      >
        {models.map(({ id }) => (
          <option key={id} value={id}>
            {id}
          </option>
        ))}
        {model ? null : <option value={chosen}>{visibleText(chosen)}, not served now</option>}
      </select>
      {model ? (
        <span class="field-hint">
          From {counted(model.miners, 'miner')}; 1,000 answer tokens from{' '}
          <Amount units={model.price_completion} />
          {model.context_tokens === 0
            ? ''
            : `; takes ${model.context_tokens.toLocaleString('en')} tokens`}
        </span>
      ) : (
        <span class="field-hint">No miner serves it now: choose another, or wait for one.</span>
      )}
    </div>
  )
}

function Answer({ run, onStop }: { run: Run; onStop: () => void }) {
  const { question, answer, jobId, finish, end } = run
  return (
    <section aria-label="Answer">
      <p class="asked">
        <span class="small muted">You asked {question.model}</span>
        <span class="asked-text">{question.prompt}</span>
      </p>
      <div class="answer-box" aria-busy={end === undefined}>
        {answer === '' ? (
          <span class="muted">
            {end === undefined ? 'Waiting for the first words…' : 'No words had come.'}
          </span>
        ) : (
          <p class="answer-text">{proseOf(answer)}</p>
        )}
      </div>
      {end === undefined ? (
        <div class="form-foot">
          <button type="button" class="button" onClick={onStop}>
            Stop
          </button>
          <span class="cost">What has come by then is what you pay for</span>
        </div>
      ) : (
        <Ending end={end} finish={finish} isTaken={jobId !== ''} />
      )}
      {end !== undefined && jobId !== '' ? <RunResult key={jobId} jobId={jobId} /> : null}
    </section>
  )
}

/** An answer as it may be seen; tabs and the joiners of letters belong to prose. */
const proseOf = (answer: string): string => answer.replace(/[^\t\u200c\u200d]+/g, visibleText)

/** `isTaken`: whether the site has named a job, whose bill then stands below. */
function Ending({ end, finish, isTaken }: { end: ChatEnd; finish: string; isTaken: boolean }) {
  if (end.how === 'failed') return <TroubleNote trouble={failureOf(end)} />
  if (end.how === 'stopped' && !isTaken) {
    return (
      <p class="small muted">
        You stopped it. The site had not named a job yet: was one begun, it is canceled, and stands
        with its bill in <a href={marketPath.activity}>your activity</a>.
      </p>
    )
  }
  return (
    <p class="small muted">
      {end.how === 'stopped'
        ? 'You stopped it.'
        : finish === 'length'
          ? 'It ended at the most tokens that you allowed.'
          : 'The answer is whole.'}
    </p>
  )
}

const failureOf = ({ message, code }: Extract<ChatEnd, { how: 'failed' }>): Trouble => ({
  happened: message,
  money:
    code === undefined
      ? 'Whether anything is charged stands in the bill below, once the job is known.'
      : 'The job was refused or failed, so nothing was charged for it.',
  remedy:
    code === 'insufficient_quota'
      ? 'Add funds, or ask for fewer tokens.'
      : 'Ask again, or choose another model.',
})
