/** The instrument of the home page: what this chain says right now, and where it says it. */
import type { ComponentChildren } from 'preact'
import { formatCoins } from '../../core/base/amount.ts'
import {
  chainEdge,
  failure,
  freshAtMs,
  recentBlocks,
  refresh,
  slotTimeMs,
  slowEdge,
  status,
} from '../shared/live/chain.ts'
import type { Resource } from '../shared/live/resource.ts'
import { useResource } from '../shared/live/resource.ts'
import { listTotal, type Model, modelList } from '../shared/live/schemas.ts'
import { Failed, Skeleton } from '../shared/ui/states.tsx'
import { When } from '../shared/ui/time.tsx'
import { newestReceipts } from './newest-work.tsx'

export function Readout() {
  const transactions = useResource('/rpc/transactions?limit=1&offset=0', listTotal, chainEdge.value)
  const receipts = useResource(newestReceipts, listTotal, chainEdge.value)
  const models = useResource('/api/v1/models', modelList, slowEdge.value)
  const known = status.value
  const head = recentBlocks.value[0]
  if (!known && failure.value) {
    return <Failed what="this chain" failure={failure.value} retry={() => void refresh()} />
  }
  return (
    <>
      <dl class="dials">
        <Dial
          label="Head block"
          source="/rpc/head"
          below={head ? <When ms={slotTimeMs(head.slot)} ageOnly /> : ''}
        >
          {known?.head_height.toLocaleString('en')}
        </Dial>
        <Dial label="Final block" source="/rpc/status" below={known ? lag(known) : ''}>
          {known?.final_height.toLocaleString('en')}
        </Dial>
        <Dial label="Transactions" source="/rpc/transactions" below="since genesis">
          {figureOf(transactions, ({ total }) => total.toLocaleString('en'))}
        </Dial>
        <Dial label="Jobs paid" source="/rpc/receipts" below="receipts on this chain">
          {figureOf(receipts, ({ total }) => total.toLocaleString('en'))}
        </Dial>
      </dl>
      <div class="readout-models">
        <p class="readout-label">
          Models on offer, price for 1 000 tokens in and out
          <a href="/api/v1/models" class="source" aria-label="Source of the models on offer">
            source
          </a>
        </p>
        <Models models={models} />
      </div>
      <p class="readout-source">
        {freshAtMs.value === 0 ? (
          'Asking this site’s chain node'
        ) : (
          <>
            From this site’s chain node, read <When ms={freshAtMs.value} ageOnly />
          </>
        )}
      </p>
    </>
  )
}

const modelsShown = 3

function Models({ models }: { models: Resource<{ readonly data: readonly Model[] }> }) {
  if (models.phase === 'loading') return <Skeleton size={16} />
  if (models.phase === 'failed') return <p>unknown: {models.failure.message}</p>
  const { data } = models.value
  if (data.length === 0) return <p>None: no miner is connected.</p>
  return (
    <ul class="models">
      {data.slice(0, modelsShown).map((model) => (
        <li key={model.id}>
          <span class="name">{model.id}</span>
          <span class="amount">
            {formatCoins(model.price_prompt)} · {formatCoins(model.price_completion)}
            <span class="amount-unit">AITBC</span>
          </span>
        </li>
      ))}
      {data.length > modelsShown ? <li>and {data.length - modelsShown} more</li> : null}
    </ul>
  )
}

const lag = (known: { head_height: number; final_height: number }): string => {
  const behind = known.head_height - known.final_height
  return behind === 0 ? 'level with the head' : `${behind} behind the head`
}

/** A figure, the word "unknown" when it could not be read, nothing while it is loading. */
function figureOf<T>(resource: Resource<T>, show: (value: T) => string): string | undefined {
  if (resource.phase === 'loading') return undefined
  return resource.phase === 'ready' ? show(resource.value) : 'unknown'
}

type DialProps = {
  label: string
  source: string
  below: ComponentChildren
  children: string | undefined
}

function Dial({ label, source, below, children }: DialProps) {
  return (
    <div class="dial">
      <dt>
        {label}
        <a href={source} class="source" aria-label={`Source of ${label.toLowerCase()}`}>
          source
        </a>
      </dt>
      <dd>
        <span class="dial-value figure">{children ?? <Skeleton size={4} />}</span>
        <span class="dial-below">{below}</span>
      </dd>
    </div>
  )
}
