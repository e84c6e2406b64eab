/** What a question would cost and how long it would wait, asked of the site before anything is sent. */
import { useEffect, useState } from 'preact/hooks'
import { amount } from '../explorer/wire.ts'
import { slowEdge } from '../shared/live/chain.ts'
import { type SendFailure, sendJson } from '../shared/live/send.ts'
import { flag, integer, maybe, object, type ShapeOf, text } from '../shared/live/shape.ts'
import { Amount } from '../shared/ui/amount.tsx'
import { Skeleton } from '../shared/ui/states.tsx'
import type { Question } from './chat-stream.ts'
import { counted, spanWords, Unknown } from './words.tsx'

const count = integer(0)

const estimateAnswer = object({
  model: text,
  servable: flag,
  refusal: maybe(object({ code: text, message: text })),
  miners: count,
  free_places: count,
  queue_position: count,
  start_ms: maybe(count),
  end_ms: maybe(count),
  price: maybe(object({ least: amount, cheapest: amount, dearest: amount })),
  suggested_limit: maybe(amount),
})
export type Estimate = ShapeOf<typeof estimateAnswer>

export type EstimateState =
  | { readonly state: 'none' }
  | { readonly state: 'loading'; readonly last: Estimate | undefined; readonly lastKey: string }
  | { readonly state: 'failed'; readonly failure: SendFailure }
  | { readonly state: 'ready'; readonly estimate: Estimate; readonly lastKey: string }

/** Most that the question can be charged: the limit that the site sets for it. */
const ceilingOf = ({ suggested_limit: limit, price }: Estimate): bigint | undefined =>
  limit ?? price?.dearest

const keyOf = (question: Question | undefined): string => (question ? JSON.stringify(question) : '')

/** The newest estimate that there is, though it may be of what was typed before. */
const knownIn = (held: EstimateState): Estimate | undefined =>
  held.state === 'ready' ? held.estimate : held.state === 'loading' ? held.last : undefined

const lastKeyIn = (held: EstimateState): string => ('lastKey' in held ? held.lastKey : '')

/** Most that this very question can be charged; undefined while only the price of another is known. */
export function ceilingFor(
  question: Question | undefined,
  held: EstimateState,
): bigint | undefined {
  const known = lastKeyIn(held) === keyOf(question) ? knownIn(held) : undefined
  return known && ceilingOf(known)
}

/** Why the site would not take the question now, or did not say; undefined while neither is known. */
export const refusalIn = (held: EstimateState): string | undefined =>
  held.state === 'failed' ? held.failure.message : knownIn(held)?.refusal?.message

/** A pause in typing after which the site is asked. */
const typingMs = 400

/** The estimate for a question, asked anew after every change and as time goes by. */
export function useEstimate(question: Question | undefined): EstimateState {
  const [held, setHeld] = useState<EstimateState>({ state: 'none' })
  const key = keyOf(question)
  const edge = slowEdge.value
  useEffect(() => {
    if (key === '') return setHeld({ state: 'none' })
    let isCurrent = true
    setHeld((before) => ({ state: 'loading', last: knownIn(before), lastKey: lastKeyIn(before) }))
    const timer = setTimeout(() => {
      const { model, prompt, maxTokens, onlyMiner } = JSON.parse(key) as Question
      const payload = {
        type: 'inference',
        model,
        messages: [{ role: 'user', content: prompt }],
        max_tokens: maxTokens,
      }
      const routing =
        onlyMiner === undefined ? undefined : { order: [onlyMiner], allow_fallbacks: false }
      void sendJson('/api/v1/jobs/estimate', { payload, routing }, estimateAnswer).then((sent) => {
        if (!isCurrent) return
        setHeld(
          sent.ok
            ? { state: 'ready', estimate: sent.value, lastKey: key }
            : { state: 'failed', failure: sent.error },
        )
      })
    }, typingMs)
    return () => {
      isCurrent = false
      clearTimeout(timer)
    }
  }, [key, edge])
  return held
}

export function EstimateView({ estimate }: { estimate: EstimateState }) {
  if (estimate.state === 'none') {
    return <p class="small muted">Write a question, and price and waiting time stand here.</p>
  }
  if (estimate.state === 'failed') {
    return (
      <p class="small" role="status">
        The estimate could not be read: {estimate.failure.message}
      </p>
    )
  }
  const known = knownIn(estimate)
  if (!known) {
    return (
      <p aria-busy="true">
        <Skeleton size={16} />
      </p>
    )
  }
  return (
    <div class={estimate.state === 'loading' ? 'estimate is-stale' : 'estimate'}>
      {known.refusal ? (
        <div class="note note-caution" role="status">
          <strong>It would not be taken now</strong>
          <span>{known.refusal.message}</span>
        </div>
      ) : null}
      <EstimateRows known={known} />
    </div>
  )
}

function EstimateRows({ known }: { known: Estimate }) {
  const ceiling = ceilingOf(known)
  return (
    <dl class="estimate-list">
      <div>
        <dt>Costs at most</dt>
        <dd>{ceiling === undefined ? <Unknown /> : <Amount units={ceiling} />}</dd>
      </div>
      <div>
        <dt>At the cheapest miner</dt>
        <dd>
          {known.price ? (
            <>
              <Amount units={known.price.least} />
              <span class="unit"> to </span>
              <Amount units={known.price.cheapest} />
            </>
          ) : (
            <Unknown />
          )}
        </dd>
      </div>
      <div>
        <dt>Before it in the queue</dt>
        <dd class="figure">{counted(known.queue_position, 'job')}</dd>
      </div>
      <div>
        <dt>First words in about</dt>
        <dd class="figure">
          {known.start_ms === undefined ? (
            <Unknown>not measured yet</Unknown>
          ) : (
            spanWords(known.start_ms)
          )}
        </dd>
      </div>
      <div>
        <dt>Miners that fit</dt>
        <dd class="figure">
          {known.miners.toLocaleString('en')}
          <span class="unit"> with {counted(known.free_places, 'free place')}</span>
        </dd>
      </div>
    </dl>
  )
}
