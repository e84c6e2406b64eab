/**
 * A self-test: a small job that only this machine may take, paid like any other. What the page then shows is
 * measured on the way that clients' jobs go; nothing of it is a rehearsal.
 */
import { useEffect, useRef, useState } from 'preact/hooks'
import { type ChatEnd, type Question, streamChat } from '../marketplace/chat-stream.ts'
import { Console, ConsoleLine } from '../marketplace/console.tsx'
import { ceilingFor, refusalIn, useEstimate } from '../marketplace/estimate.tsx'
import { RunResult } from '../marketplace/run-result.tsx'
import type { Offer } from '../marketplace/wire.ts'
import { bestModel, speedWords } from '../marketplace/words.tsx'
import { slowEdge } from '../shared/live/chain.ts'
import { useResource } from '../shared/live/resource.ts'
import { Amount } from '../shared/ui/amount.tsx'
import { Status } from '../shared/ui/status.tsx'
import { heldAnswer, heldPath } from './held.tsx'

const testPrompt = 'What is the capital of France?'
const testTokensMax = 64

type Run = {
  readonly jobId: string
  readonly text: string
  readonly tokens: number | undefined
  readonly beganMs: number
  readonly firstMs: number | undefined
  readonly lastMs: number | undefined
  readonly end: ChatEnd | undefined
}

export function SelfTest({ offer }: { offer: Offer }) {
  const model = bestModel(offer)
  if (!model) return <p class="small">It offers no model, so there is nothing to ask it.</p>
  const question: Question = {
    model: model.name,
    prompt: testPrompt,
    maxTokens: testTokensMax,
    onlyMiner: offer.miner_id,
  }
  return (
    <section aria-label={`Self-test of ${offer.miner_id}`} class="self-test">
      <p class="small">
        One question to <code class="break">{model.name}</code>, which no other machine may answer.
        It is a job like any other: you pay it from your funds for jobs, and the price comes back to
        you less the share of the site and what the chain burns. For the reputation you count as one
        client, a fifth at most, however often you ask.
      </p>
      <Console>
        {(key) => (
          <>
            <Test question={question} offer={offer} />
            <ConsoleLine fundedKey={key} />
          </>
        )}
      </Console>
    </section>
  )
}

function Test({ question, offer }: { question: Question; offer: Offer }) {
  const [run, setRun] = useState<Run>()
  const estimate = useEstimate(question)
  const refusal = refusalIn(estimate)
  const ceiling = refusal === undefined ? ceilingFor(question, estimate) : undefined
  const stop = useRef<AbortController>(undefined)
  useEffect(() => () => stop.current?.abort(), [])
  const running = run !== undefined && run.end === undefined
  const begin = async () => {
    if (running || ceiling === undefined) return
    const control = new AbortController()
    stop.current = control
    const change = (next: (before: Run) => Run) => setRun((before) => before && next(before))
    setRun({
      jobId: '',
      text: '',
      tokens: undefined,
      beganMs: performance.now(),
      firstMs: undefined,
      lastMs: undefined,
      end: undefined,
    })
    const end = await streamChat(question, {
      limit: ceiling,
      signal: control.signal,
      onNews: (news) =>
        change((before) => {
          if (news.kind === 'job') return { ...before, jobId: news.jobId }
          if (news.kind === 'usage') return { ...before, tokens: news.completion }
          if (news.kind !== 'text') return before
          const nowMs = performance.now()
          const firstMs = before.firstMs ?? nowMs
          return { ...before, text: before.text + news.text, firstMs, lastMs: nowMs }
        }),
    })
    change((before) => ({ ...before, end }))
  }
  return (
    <>
      {refusal === undefined ? null : (
        <p class="small" role="status">
          It would not be taken now: {refusal}
        </p>
      )}
      <div class="form-foot">
        <button
          type="button"
          class="button button-small"
          aria-disabled={running || ceiling === undefined}
          onClick={() => void begin()}
        >
          {running ? 'Testing' : 'Test it now'}
        </button>
        <span class="cost">
          {ceiling === undefined ? (
            'The price stands here'
          ) : (
            <>
              Costs at most <Amount units={ceiling} />
            </>
          )}
        </span>
      </div>
      {run ? <Findings run={run} offer={offer} /> : null}
    </>
  )
}

function Findings({ run, offer }: { run: Run; offer: Offer }) {
  const { end, tokens, beganMs, firstMs, lastMs, jobId } = run
  if (!end)
    return (
      <p role="status">
        Waiting for {offer.miner_id}: {run.text}
      </p>
    )
  if (end.how === 'failed') {
    return (
      <p role="status">
        <Status tone="bad" word="Failed" /> {end.message}
      </p>
    )
  }
  const spanMs = firstMs === undefined || lastMs === undefined ? 0 : lastMs - firstMs
  // The first words come at the beginning of the span, so that it measures all tokens but one.
  const speed =
    tokens !== undefined && tokens > 1 && spanMs > 0 ? ((tokens - 1) * 1_000) / spanMs : undefined
  return (
    <>
      <p role="status" class="break">
        <Status tone="good" word="It answered" /> {run.text}
      </p>
      <p class="small">
        {tokens === undefined ? 'Tokens not told' : `${tokens.toLocaleString('en')} tokens`}
        {firstMs === undefined
          ? ''
          : `, the first words after ${Math.round(firstMs - beganMs).toLocaleString('en')} ms`}
        {speed === undefined
          ? ', too fast or too short for a speed'
          : `, ${speedWords(speed)} tokens/s as this browser saw it`}
        .
      </p>
      {jobId === '' ? null : (
        <>
          <Plausible minerId={offer.miner_id} jobId={jobId} />
          <RunResult key={jobId} jobId={jobId} />
        </>
      )}
    </>
  )
}

/** What the site's checks said of the very result. */
function Plausible({ minerId, jobId }: { minerId: string; jobId: string }) {
  const found = useResource(heldPath(minerId, 50), heldAnswer, `${slowEdge.value} ${jobId}`)
  if (found.phase !== 'ready') return null
  const held = found.value.items.find((item) => item.job_id === jobId)
  return held ? (
    <p class="small break">
      <Status tone="caution" word="Held" /> {held.reasons.map(({ message }) => message).join(' ')}
    </p>
  ) : (
    <p class="small">
      <Status tone="good" word="Plausible" /> The site’s checks of shape, end, rate and usage found
      nothing odd.
    </p>
  )
}
