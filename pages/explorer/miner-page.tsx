/** One miner: what it offers while it is here, and what the chain paid it. */
import { explorerPath } from '../shared/addresses.ts'
import { DataList } from '../shared/list/data-list.tsx'
import { chainEdge, slowEdge } from '../shared/live/chain.ts'
import type { RequestFailure } from '../shared/live/request.ts'
import { useResource } from '../shared/live/resource.ts'
import { Amount } from '../shared/ui/amount.tsx'
import { wholeAddress } from '../shared/ui/links.tsx'
import { Pairs } from '../shared/ui/pairs.tsx'
import { Empty, Failed, Loaded, Skeleton } from '../shared/ui/states.tsx'
import { Status } from '../shared/ui/status.tsx'
import { type Column, Table } from '../shared/ui/table.tsx'
import { When } from '../shared/ui/time.tsx'
import { PairsSkeleton } from './detail.tsx'
import { minerPage, type OnlineMiner, onlineMiners } from './figures-wire.ts'
import { LabelButton } from './label-button.tsx'
import { gpuWords, Occupation, onlinePath } from './miners-page.tsx'
import { Title } from './parts.tsx'
import { minerReceipts } from './receipts-page.tsx'

/** `id`: the address that is paid, or the name of a miner that is online. */
export function MinerPage({ id }: { id: string }) {
  const here = useResource(onlinePath, onlineMiners, slowEdge.value)
  if (id.startsWith('aitbc1')) {
    const online =
      here.phase === 'ready' ? here.value.miners.filter(({ address }) => address === id) : []
    const failure = here.phase === 'failed' ? here.failure : undefined
    return <Paid address={id} online={online} isKnown={here.phase === 'ready'} failure={failure} />
  }
  if (here.phase === 'failed') {
    return (
      <>
        <Title>Miner</Title>
        <Failed what="who is online" failure={here.failure} retry={here.retry} />
      </>
    )
  }
  if (here.phase === 'loading') {
    return (
      <>
        <Title>Miner</Title>
        <div aria-busy="true">
          <Skeleton size={16} />
        </div>
      </>
    )
  }
  const named = here.value.miners.filter(({ miner_id: name }) => name === id)
  const [first] = named
  if (!first) return <NotHere id={id} />
  return <Paid address={first.address} online={named} isKnown failure={undefined} />
}

function NotHere({ id }: { id: string }) {
  return (
    <>
      <Title>No such miner online</Title>
      <Empty title="No miner of this name is here now">
        <code class="break">{id}</code>
        <span>
          A name is known while its miner is online. What the chain paid is found by address.
        </span>
        <a class="button button-small" href="/explorer/miners">
          To all miners
        </a>
      </Empty>
    </>
  )
}

type PaidProps = {
  address: string
  online: readonly OnlineMiner[]
  /** Whether the site said who is online. */
  isKnown: boolean
  failure: RequestFailure | undefined
}

function Paid({ address, online, isKnown, failure }: PaidProps) {
  const path = `/api/v1/chain/miners?limit=1&address=${encodeURIComponent(address)}`
  const paid = useResource(path, minerPage, chainEdge.value)
  const [first] = online
  if (paid.phase === 'failed' && paid.failure.code === 'INVALID') return <NotHere id={address} />
  return (
    <>
      <Title
        beside={
          online.length > 0 ? (
            <Status tone="good" word="Online here" />
          ) : isKnown ? (
            <Status tone="neutral" word="Not online here" />
          ) : null
        }
      >
        {first && online.length === 1 ? <span class="break">{first.miner_id}</span> : 'Miner'}
      </Title>
      {failure ? <p class="small">Whether it is online is not known: {failure.message}</p> : null}
      <Loaded resource={paid} what="what the chain paid it" loading={<PairsSkeleton rows={6} />}>
        {({ items: [row] }) => (
          <Pairs
            pairs={[
              ['Paid at', wholeAddress(address, 'miner address')],
              ['Your label', <LabelButton value={address} what="this miner" />],
              ['Earned', <Amount units={row?.earned ?? 0n} />],
              ['Jobs', <span class="mono">{(row?.jobs ?? 0).toLocaleString('en')}</span>],
              ['Clients', <span class="mono">{(row?.clients ?? 0).toLocaleString('en')}</span>],
              row && ['First paid', <When ms={row.first_paid} />],
              row && ['Last paid', <When ms={row.last_paid} />],
            ]}
          />
        )}
      </Loaded>
      {paid.phase === 'loading' ? null : (
        <p class="small muted below">
          Sums are what the site says, and no proof covers a sum; what is offered is what the miner
          says of itself. Each payment below can be verified, and the balance on the page of the{' '}
          <a href={explorerPath.address(address)}>address</a>.
        </p>
      )}
      {paid.phase === 'loading' || !(isKnown || failure) ? null : (
        <>
          {online.map((miner) => (
            <Offers key={miner.miner_id} miner={miner} />
          ))}
          <h2 class="section-title">Paid jobs</h2>
          <DataList list={minerReceipts} fixed={{ miner: address }} />
        </>
      )}
    </>
  )
}

type Model = OnlineMiner['models'][number]

const models: readonly Column<Model>[] = [
  { label: 'Model', cell: ({ name }) => <span class="break">{name || 'any'}</span> },
  {
    label: '1,000 prompt tokens',
    cell: ({ price_prompt: price }) => <Amount units={price} />,
    numeric: true,
  },
  {
    label: '1,000 answer tokens',
    cell: ({ price_completion: price }) => <Amount units={price} />,
    numeric: true,
  },
  {
    label: 'Context',
    cell: ({ context_tokens: tokens }) =>
      tokens === 0 ? <span class="muted">not stated</span> : tokens.toLocaleString('en'),
    numeric: true,
  },
]

/** What it states of itself. */
function Offers({ miner }: { miner: OnlineMiner }) {
  return (
    <>
      <h2 class="section-title">
        Offered now by <span class="break">{miner.miner_id}</span>
      </h2>
      <Pairs
        pairs={[
          ['State', <Occupation miner={miner} />],
          ['GPU', <span class="break">{gpuWords(miner.gpus)}</span>],
          ['Region', miner.region ?? <span class="muted">not stated</span>],
          ['Engine', <span class="break">{miner.engine}</span>],
          [
            'Results',
            miner.kind === 'agent'
              ? 'signed by its own key'
              : 'not signed: a program of the original',
          ],
        ]}
      />
      <div class="below">
        <Table
          caption={`Models of ${miner.miner_id}`}
          columns={models}
          rows={miner.models}
          keyOf={({ name }) => name}
        />
      </div>
    </>
  )
}
