/** One machine: how it stands, why it gets no jobs, what it asks, what is held, when it was there, a test. */
import type { ComponentChildren } from 'preact'
import { useState } from 'preact/hooks'
import { moment } from '../explorer/wire.ts'
import { marketPath } from '../marketplace/routes.ts'
import type { Offer } from '../marketplace/wire.ts'
import {
  bestModel,
  counted,
  Money,
  OfferStatus,
  Reputation,
  Share,
  Speed,
} from '../marketplace/words.tsx'
import { Later as LaterView } from '../shared/frame/later.tsx'
import { slowEdge } from '../shared/live/chain.ts'
import { useResource } from '../shared/live/resource.ts'
import { integer, list, maybe, object, record, type ShapeOf, text } from '../shared/live/shape.ts'
import { ownWord } from '../shared/own.ts'
import { Loaded } from '../shared/ui/states.tsx'
import { When } from '../shared/ui/time.tsx'
import { HeldResults } from './held.tsx'
import { Prices } from './prices.tsx'

// A test asks a model and checks its proof: more code than the rest of the page.
const selfTest = async () => (await import('./self-test.tsx')).SelfTest
const availability = async () => (await import('./availability.tsx')).Availability

const count = integer(0)

const whyAnswer = object({
  state: text,
  breaker: object({ state: text, until: maybe(moment), failures: count, reason: maybe(text) }),
  free_places: maybe(count),
  idle_since: maybe(moment),
  recent: object({ jobs: count, since: maybe(moment), taken: count, exclusions: record(count) }),
  models: list(object({ name: text, queued: count, price_rank: count, offers: count })),
})
type WhyAnswer = ShapeOf<typeof whyAnswer>

type MachineProps = {
  offer: Offer
  /** Whether it ever earned anything: whoever did not reads first why. */
  isEarning: boolean
}

export function Machine({ offer, isEarning }: MachineProps) {
  const best = bestModel(offer)
  const figures = [
    ['1,000 answer tokens', <Money units={best?.price_completion} />],
    ['An hour of one place', <Money units={offer.price_per_hour} />],
    ['Speed', <Speed model={best} />],
    ['Seen, 7 days', <Share share={offer.uptime_7d} />],
    ['Reputation', <Reputation offer={offer} />],
  ] as const
  return (
    <section class="machine" aria-label={offer.miner_id}>
      <div class="machine-head">
        <h3>
          <a class="break" href={marketPath.offer(offer.offer_id)}>
            {offer.miner_id}
          </a>
        </h3>
        <OfferStatus offer={offer} />
      </div>
      <dl class="machine-figures">
        {figures.map(([label, figure]) => (
          <div key={label}>
            <dt>{label}</dt>
            <dd class="figure">{figure}</dd>
          </div>
        ))}
      </dl>
      <Later summary="Why no jobs?" isOpenAtFirst={!isEarning}>
        <Why offer={offer} />
      </Later>
      <Later summary="Availability">
        <LaterView load={availability} of={{ offer }} heading={null} part="availability" />
      </Later>
      <Later summary="Test it">
        <LaterView load={selfTest} of={{ offer }} heading={null} part="self-test" />
      </Later>
    </section>
  )
}

type LaterProps = { summary: string; isOpenAtFirst?: boolean; children: ComponentChildren }

/** What is asked of the site only once somebody wants to see it. */
function Later({ summary, isOpenAtFirst = false, children }: LaterProps) {
  const [chosen, setOpen] = useState<boolean>()
  const isOpen = chosen ?? isOpenAtFirst
  return (
    <div>
      <button
        type="button"
        class="button button-small"
        aria-expanded={isOpen}
        onClick={() => setOpen(!isOpen)}
      >
        {summary}
      </button>
      {isOpen ? <div class="below">{children}</div> : null}
    </div>
  )
}

function Why({ offer }: { offer: Offer }) {
  const path = `/api/v1/miners/${encodeURIComponent(offer.miner_id)}/why`
  const found = useResource(path, whyAnswer, slowEdge.value)
  return (
    <Loaded resource={found} what="why it gets no jobs">
      {(why) => (
        <div class="machine-parts">
          <Reasons why={why} />
          <Prices offer={offer} ranks={why.models} />
          <HeldResults minerId={offer.miner_id} />
        </div>
      )}
    </Loaded>
  )
}

const stateWords: Readonly<Record<string, string>> = {
  ready: 'It is ready for jobs.',
  busy: 'All of its places are taken.',
  unasking: 'It has free places, but does not ask for jobs now.',
  draining: 'It takes no new jobs: it is ending.',
  silent: 'It has not been heard of lately, so it gets nothing.',
  gone: 'It is not connected.',
}

/** What kept a machine from jobs, by the site's word for it. */
const reasonWords: Readonly<Record<string, string>> = {
  outbid: 'another was cheaper, or preferred',
  limit: 'it asks more than the job may cost',
  waits: 'the job still waits',
  gone: 'it was not connected',
  model: 'it does not serve the model',
  models: 'it does not serve all models that were asked for',
  payload: 'it does not take this kind of job',
  features: 'its engine lacks what was asked for',
  region: 'another region was wanted',
  gpu: 'another card was wanted',
  min_vram_gb: 'more memory was wanted',
  cuda: 'another CUDA was wanted',
  max_price: 'it asks more than the client would pay',
  context: 'the question did not fit its context',
  ignored: 'the client does not want it',
  order: 'the client named others',
  busy: 'all of its places were taken',
  breaker: 'it failed too often just before',
}

/** A program of the original gets a job only while it polls for one. */
const isUnasking = ({ state, free_places: free }: WhyAnswer): boolean =>
  state === 'busy' && (free === undefined || free > 0)

function Reasons({ why }: { why: WhyAnswer }) {
  const { state, breaker, recent } = why
  const kept = Object.entries(recent.exclusions).sort(([, a], [, b]) => b - a)
  return (
    <div class="why">
      <p>
        {ownWord(stateWords, isUnasking(why) ? 'unasking' : state) ?? state}
        {why.idle_since === undefined ? null : (
          <>
            {' '}
            Idle since <When ms={why.idle_since} ageOnly />.
          </>
        )}
      </p>
      {breaker.state === 'closed' ? null : (
        <p>
          After {counted(breaker.failures, 'failure')} in a row it is held back
          {breaker.reason === undefined ? '' : ` (${breaker.reason})`}.
        </p>
      )}
      {recent.jobs === 0 ? (
        <p>This site has taken no jobs lately, so nobody got any.</p>
      ) : (
        <>
          <p>
            Of the newest {counted(recent.jobs, 'job')} it got {recent.taken.toLocaleString('en')}.
            {kept.length === 0 ? '' : ' What kept it from the others:'}
          </p>
          <ul>
            {kept.map(([word, many]) => (
              <li key={word}>
                {counted(many, 'job')}: {ownWord(reasonWords, word) ?? word}
              </li>
            ))}
          </ul>
        </>
      )}
    </div>
  )
}
