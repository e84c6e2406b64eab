/**
 * The instrument of the home page: what this chain says right now. Every figure has a source to open,
 * an age, and a state: loading, fresh, stale (dimmed, with its age in words) or unknown.
 */
import type { ComponentChildren } from 'preact'
import { formatCoins } from '../../core/base/amount.ts'
import {
  chainEdge,
  failure,
  freshAtMs,
  link,
  recentBlocks,
  refresh,
  slotTimeMs,
  slowEdge,
  status,
} from '../shared/live/chain.ts'
import { paused } from '../shared/live/clock.ts'
import type { RequestFailure } from '../shared/live/request.ts'
import type { Resource } from '../shared/live/resource.ts'
import { useResource } from '../shared/live/resource.ts'
import { listTotal, type Model, modelList, siteState } from '../shared/live/schemas.ts'
import { Failed, Skeleton } from '../shared/ui/states.tsx'
import { Status } from '../shared/ui/status.tsx'
import { When } from '../shared/ui/time.tsx'
import { newestReceipts } from './newest.ts'

export function Readout() {
  if (!status.value && failure.value) {
    return <Failed what="this chain" failure={failure.value} retry={() => void refresh()} />
  }
  return (
    <>
      <dl class="dials">
        <ChainDials />
        <MarketDials />
      </dl>
      <p class="readout-source">
        {freshAtMs.value === 0 ? (
          'Asking this site’s chain node'
        ) : (
          <>
            Read from this site’s chain node <When ms={freshAtMs.value} ageOnly />
            {paused.value ? ', paused' : null}
          </>
        )}
      </p>
    </>
  )
}

/** Heights, and what they hold. */
function ChainDials() {
  const transactions = useResource('/rpc/transactions?limit=1&offset=0', listTotal, chainEdge.value)
  const receipts = useResource(newestReceipts, listTotal, chainEdge.value)
  const known = status.value
  const head = recentBlocks.value[0]
  const chain = chainReading()
  return (
    <>
      <Dial label="Head block" source="/rpc/head" reading={chain} value={known?.head_height}>
        {head ? (
          <>
            made <When ms={slotTimeMs(head.slot)} ageOnly />
          </>
        ) : null}
      </Dial>
      <Dial label="Final block" source="/rpc/status" reading={chain} value={known?.final_height}>
        {known ? <Lag behind={known.head_height - known.final_height} /> : null}
      </Dial>
      <Dial
        label="Jobs paid"
        source="/rpc/receipts"
        reading={readingOf(receipts)}
        value={knownOf(receipts)?.total}
      >
        each with a receipt
      </Dial>
      <Dial
        label="Transactions"
        source="/rpc/transactions"
        reading={readingOf(transactions)}
        value={knownOf(transactions)?.total}
      >
        since genesis
      </Dial>
    </>
  )
}

/** Who sells now, and at what price. */
function MarketDials() {
  const site = useResource('/api/v1/site', siteState, slowEdge.value)
  const models = useResource('/api/v1/models', modelList, slowEdge.value)
  return (
    <>
      <Dial
        label="Miners connected"
        source="/api/v1/site"
        reading={readingOf(site)}
        value={knownOf(site)?.miners_online}
      >
        <Work site={knownOf(site)} />
      </Dial>
      <div class="dial">
        <dt>
          Models on offer
          <Source href="/api/v1/models" of="models on offer" />
        </dt>
        <dd>
          <Models models={models} />
        </dd>
      </div>
    </>
  )
}

/** How a figure stands. `stale`: the newest attempt to read it failed; `atMs`: when it was read. */
type Reading =
  | { readonly state: 'loading' | 'unknown' }
  | {
      readonly state: 'fresh' | 'stale'
      readonly atMs: number
    }

function chainReading(): Reading {
  if (!status.value) return { state: 'loading' }
  return { state: link.value === 'lost' ? 'stale' : 'fresh', atMs: freshAtMs.value }
}

function readingOf(resource: Resource<unknown>): Reading {
  if (resource.phase === 'loading') return { state: 'loading' }
  if (resource.phase === 'failed') return { state: 'unknown' }
  // Without news of the chain nobody can say that an older figure still holds.
  const isOld = resource.stale !== undefined || link.value === 'lost'
  return { state: isOld ? 'stale' : 'fresh', atMs: resource.atMs }
}

const knownOf = <T,>(resource: Resource<T>): T | undefined =>
  resource.phase === 'ready' ? resource.value : undefined

type DialProps = {
  label: string
  source: string
  reading: Reading
  value: number | undefined
  children: ComponentChildren
}

function Dial({ label, source, reading, value, children }: DialProps) {
  const { state } = reading
  return (
    <div class={`dial${state === 'stale' ? ' dial-stale' : ''}`}>
      <dt>
        {label}
        <Source href={source} of={label.toLowerCase()} />
      </dt>
      <dd>
        <span class="dial-value figure">
          {state === 'unknown' ? 'unknown' : null}
          {state === 'loading' ? <Skeleton size={4} /> : value?.toLocaleString('en')}
        </span>
        <span class="dial-below">
          {state === 'stale' ? (
            <>
              as of <When ms={reading.atMs} ageOnly />
            </>
          ) : state === 'unknown' ? (
            'the site did not say'
          ) : (
            children
          )}
        </span>
      </dd>
    </div>
  )
}

const Source = ({ href, of }: { href: string; of: string }) => (
  <a href={href} class="source" aria-label={`Source of ${of}`}>
    source
  </a>
)

const Lag = ({ behind }: { behind: number }) =>
  behind === 0 ? (
    <Status tone="good" word="level with the head" />
  ) : (
    <Status tone="neutral" word={`${behind} behind the head`} />
  )

function Work({ site }: { site: { queued: number; running: number } | undefined }) {
  if (!site) return null
  const { queued, running } = site
  return <>{queued + running === 0 ? 'waiting for jobs' : `${running} running, ${queued} queued`}</>
}

const modelsShown = 2

function Models({ models }: { models: Resource<{ readonly data: readonly Model[] }> }) {
  if (models.phase === 'loading') return <Skeleton size={16} />
  if (models.phase === 'failed') return <Unknown failure={models.failure} />
  const { data } = models.value
  if (data.length === 0) return <span class="dial-below">None: no miner is connected.</span>
  return (
    <ul class="models">
      {data.slice(0, modelsShown).map((model) => (
        <li key={model.id}>
          <span class="name">{model.id}</span>
          <span class="dial-below">
            {formatCoins(model.price_prompt)} in, {formatCoins(model.price_completion)} out, AITBC
            for 1 000 tokens
          </span>
        </li>
      ))}
      {data.length > modelsShown ? (
        <li class="dial-below">and {data.length - modelsShown} more</li>
      ) : null}
    </ul>
  )
}

const Unknown = ({ failure: { message } }: { failure: RequestFailure }) => (
  <span class="dial-below">unknown: {message}</span>
)
