/** Who computes: miners that are here now, and all that the chain ever paid. */
import { explorerPath } from '../shared/addresses.ts'
import { DataList } from '../shared/list/data-list.tsx'
import type { ListDefinition } from '../shared/list/definition.ts'
import { slowEdge } from '../shared/live/chain.ts'
import { useResource } from '../shared/live/resource.ts'
import { Amount } from '../shared/ui/amount.tsx'
import { heightLink, minerLink } from '../shared/ui/links.tsx'
import { Empty, Loaded } from '../shared/ui/states.tsx'
import { Status } from '../shared/ui/status.tsx'
import { type Column, Table, TableSkeleton } from '../shared/ui/table.tsx'
import { When } from '../shared/ui/time.tsx'
import { type MinerRow, minerRow, type OnlineMiner, onlineMiners } from './figures-wire.ts'
import { addressFilter } from './list-filters.ts'
import { Title } from './parts.tsx'

export const onlinePath = '/api/v1/site/miners'

const online: readonly Column<OnlineMiner>[] = [
  {
    label: 'Name',
    cell: ({ miner_id: id }) => (
      <a class="break" href={explorerPath.miner(id)}>
        {id}
      </a>
    ),
  },
  { label: 'State', cell: (miner) => <Occupation miner={miner} /> },
  { label: 'Models', cell: ({ models }) => <span class="break">{modelWords(models)}</span> },
  {
    label: '1,000 answer tokens',
    cell: ({ models }) => <Cheapest models={models} />,
    numeric: true,
  },
  { label: 'GPU', cell: ({ gpus }) => <span class="break">{gpuWords(gpus)}</span> },
  {
    label: 'Region',
    cell: ({ region }) => region ?? <span class="muted">not stated</span>,
  },
  { label: 'Paid at', cell: ({ address }) => minerLink(address) },
]

const sorts = [
  { value: 'jobs', label: 'Most jobs' },
  { value: 'last_paid', label: 'Last paid' },
]

const miners: ListDefinition<MinerRow> = {
  id: 'miners',
  noun: 'miners',
  source: '/api/v1/chain/miners',
  order: 'those that earned most first, unless another order is chosen',
  item: minerRow,
  keyOf: ({ address }) => address,
  proof:
    'These sums are what the site says: no proof covers a sum. The payments behind them can be verified, each on the page of its miner.',
  columns: [
    { id: 'miner', label: 'Miner', cell: ({ address }) => minerLink(address) },
    {
      id: 'earned',
      label: 'Earned',
      cell: ({ earned }) => <Amount units={earned} />,
      numeric: true,
    },
    { id: 'jobs', label: 'Jobs', cell: ({ jobs }) => jobs.toLocaleString('en'), numeric: true },
    {
      id: 'clients',
      label: 'Clients',
      cell: ({ clients }) => clients.toLocaleString('en'),
      numeric: true,
    },
    {
      id: 'block',
      label: 'Last paid in',
      cell: ({ last_height: height }) => heightLink(height),
      numeric: true,
    },
    {
      id: 'first',
      label: 'First paid',
      cell: ({ first_paid: ms }) => <When ms={ms} ageOnly />,
      hidden: true,
    },
    { id: 'last', label: 'Last paid', cell: ({ last_paid: ms }) => <When ms={ms} ageOnly /> },
  ],
  filters: [
    { kind: 'select', id: 'sort', label: 'Order', choices: () => sorts },
    addressFilter('address', 'Miner'),
  ],
  empty: () => (
    <Empty title="No miner has been paid yet">
      <span>
        A miner appears here when a final block pays it for a job.{' '}
        <a href="/docs/run-a-miner.html">Run one</a>.
      </span>
    </Empty>
  ),
}

export function MinersPage() {
  const here = useResource(onlinePath, onlineMiners, slowEdge.value)
  return (
    <>
      <Title>Miners</Title>
      <h2 class="section-title first">Online at this site</h2>
      <Loaded
        resource={here}
        what="who is online"
        loading={<TableSkeleton caption="Online miners" columns={online} rows={2} />}
      >
        {({ miners: list, total }) =>
          list.length === 0 ? (
            <Empty title="No miner is online here">
              <span>
                Jobs wait in the queue until one comes. <a href="/docs/run-a-miner.html">Run one</a>
                .
              </span>
            </Empty>
          ) : (
            <>
              <Table
                caption="Online miners"
                columns={online}
                rows={list}
                keyOf={(row) => row.miner_id}
              />
              <p class="small muted below">
                {total > list.length
                  ? `The first ${list.length} of ${total.toLocaleString('en')} by name. `
                  : ''}
                Models, prices and GPUs are what each miner states of itself.
              </p>
            </>
          )
        }
      </Loaded>
      <h2 class="section-title">Paid on this chain</h2>
      <DataList list={miners} />
    </>
  )
}

/** How busy a miner is. */
export function Occupation({ miner }: { miner: OnlineMiner }) {
  const { busy, concurrency, draining } = miner
  if (draining) return <Status tone="neutral" word="Leaving, takes no job" />
  if (concurrency === 0) return <Status tone="good" word={`${busy} at work`} />
  const isFull = busy >= concurrency
  return (
    <Status
      tone={isFull ? 'neutral' : 'good'}
      word={`${isFull ? 'Full' : 'Free'}, ${busy} of ${concurrency} at work`}
    />
  )
}

function Cheapest({ models }: { models: OnlineMiner['models'] }) {
  const [first, ...others] = models.map(({ price_completion: price }) => price)
  if (first === undefined) return <span class="muted">not stated</span>
  return <Amount units={others.reduce((least, price) => (price < least ? price : least), first)} />
}

const namesShown = 3

const modelWords = (models: OnlineMiner['models']): string => {
  const names = models.map(({ name }) => name).filter((name) => name !== '')
  if (names.length === 0) return models.length > 0 ? 'any' : 'none'
  const more = names.length - namesShown
  return `${names.slice(0, namesShown).join(', ')}${more > 0 ? ` and ${more} more` : ''}`
}

/** Such as "2 × RTX 4090, 24 GiB". */
export function gpuWords(gpus: OnlineMiner['gpus']): string {
  if (gpus.length === 0) return 'none stated'
  const counts = new Map<string, number>()
  for (const { name, memory_mib: mib } of gpus) {
    const words = mib === 0 ? name : `${name}, ${Math.round(mib / 1024)} GiB`
    counts.set(words, (counts.get(words) ?? 0) + 1)
  }
  return [...counts].map(([words, n]) => (n === 1 ? words : `${n} × ${words}`)).join('; ')
}
