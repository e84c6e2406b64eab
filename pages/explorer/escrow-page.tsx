/** One escrow: what it still holds, for whom, who may spend from it, and what opened it. */
import { useEffect, useState } from 'preact/hooks'
import { explorerPath } from '../shared/addresses.ts'
import { escrowsOpenedBy } from '../shared/light/client.ts'
import { FactVerdict } from '../shared/light/fact-verdict.tsx'
import { DataList } from '../shared/list/data-list.tsx'
import { chainEdge, slotNow, slotTimeMs } from '../shared/live/chain.ts'
import { getJson } from '../shared/live/request.ts'
import { useResource } from '../shared/live/resource.ts'
import { integer, list, maybe, object, type ShapeOf, text } from '../shared/live/shape.ts'
import { Amount } from '../shared/ui/amount.tsx'
import { Hash } from '../shared/ui/hash.tsx'
import { transactionLink, wholeAddress } from '../shared/ui/links.tsx'
import { Pairs } from '../shared/ui/pairs.tsx'
import { Empty, Failed, Loaded, Skeleton } from '../shared/ui/states.tsx'
import { Status } from '../shared/ui/status.tsx'
import { type Column, Table } from '../shared/ui/table.tsx'
import { LabelButton } from './label-button.tsx'
import { RawAnswer, Title } from './parts.tsx'
import { escrowReceipts } from './receipts-page.tsx'
import { amount } from './wire.ts'

const count = integer(0)

const escrowAnswer = object({
  id: text,
  owner: text,
  coordinator: text,
  balance: amount,
  expiry_slot: count,
  closes_at_slot: maybe(count),
  delegates: list(
    object({ delegate: text, budget: amount, expiry_slot: count, revoked_at_slot: maybe(count) }),
  ),
})
type Escrow = ShapeOf<typeof escrowAnswer>

export function EscrowPage({ id }: { id: string }) {
  const path = `/rpc/escrow/${encodeURIComponent(id)}`
  const found = useResource(path, escrowAnswer, chainEdge.value)
  if (found.phase === 'failed') {
    const { code } = found.failure
    if (code === 'NOT_FOUND' && /^0x[0-9a-f]{64}$/.test(id)) return <Absent id={id} />
    return (
      <>
        <Title>Escrow</Title>
        {code === 'INVALID' || code === 'NOT_FOUND' ? (
          <Empty title="This is no id of an escrow">
            <code class="break">{id}</code>
          </Empty>
        ) : (
          <Failed what="this escrow" failure={found.failure} retry={found.retry} />
        )}
      </>
    )
  }
  if (found.phase === 'loading') {
    return (
      <>
        <Title>Escrow</Title>
        <div aria-busy="true">
          <Skeleton size={16} />
        </div>
      </>
    )
  }
  return (
    <Loaded resource={found} what="this escrow" loading={null}>
      {(escrow) => (
        <>
          <Title beside={<State escrow={escrow} />}>Escrow</Title>
          <p class="lead">
            Funds that their owner has locked for one coordinator. Jobs are paid out of them, each
            with the owner’s or a delegate’s signature; what is left goes back when it closes.
          </p>
          <Facts escrow={escrow} />
          <FactVerdict
            of="Balance, owner, coordinator and expiry"
            subject={{ kind: 'escrow', id: escrow.id }}
            shown={found.raw}
          />
          <Delegates escrow={escrow} />
          <h2 class="section-title">Jobs paid by its owner</h2>
          <p class="small muted lead">
            Out of all escrows of this owner; the column says which. Top-ups and closes are among
            the{' '}
            <a href={`${explorerPath.transactions}?sender=${escrow.owner}`}>owner’s transactions</a>
            .
          </p>
          <DataList list={escrowReceipts} fixed={{ client: escrow.owner }} />
          <RawAnswer raw={found.raw} path={path} />
        </>
      )}
    </Loaded>
  )
}

/** Not in the newest state, which can be proven as well as a balance. */
function Absent({ id }: { id: string }) {
  return (
    <>
      <Title>No open escrow</Title>
      <Pairs pairs={[['Escrow', <Hash value={id} what="escrow id" whole />]]} />
      <FactVerdict
        of="That the chain holds no such escrow now"
        subject={{ kind: 'escrow', id }}
        shown={{ balance: '0' }}
      />
      <p class="lead below">
        It was never opened, or it is closed and its rest went back to the owner. Transactions and
        receipts that name it stay on the chain.
      </p>
    </>
  )
}

function State({ escrow }: { escrow: Escrow }) {
  const slot = slotNow.value
  if (escrow.closes_at_slot !== undefined) return <Status tone="caution" word="Closing" />
  if (slot !== undefined && slot >= escrow.expiry_slot) {
    return <Status tone="caution" word="Expired" />
  }
  return <Status tone="good" word="Open" />
}

function Facts({ escrow }: { escrow: Escrow }) {
  const opening = useOpening(escrow)
  return (
    <Pairs
      pairs={[
        ['Escrow', <Hash value={escrow.id} what="escrow id" whole />],
        ['Your label', <LabelButton value={escrow.id} what="this escrow" />],
        ['Holds', <Amount units={escrow.balance} />],
        ['Owner', wholeAddress(escrow.owner, 'owner address')],
        ['Coordinator', <Hash value={escrow.coordinator} what="coordinator key" whole />],
        ['Expires', <AtSlot slot={escrow.expiry_slot} />],
        escrow.closes_at_slot === undefined
          ? undefined
          : ['Closes', <AtSlot slot={escrow.closes_at_slot} />],
        [
          'Opened by',
          opening === undefined ? (
            <Skeleton size={16} />
          ) : opening === '' ? (
            <span class="muted">not among the newest 100 openings of its owner</span>
          ) : (
            transactionLink(opening)
          ),
        ],
      ]}
    />
  )
}

/** A slot that may lie ahead, so in UTC. */
function AtSlot({ slot }: { slot: number }) {
  const ms = slotTimeMs(slot)
  return (
    <span>
      slot <span class="mono">{slot.toLocaleString('en')}</span>
      {ms === undefined ? '' : `, ${utcOf(ms)}`}
    </span>
  )
}

const utcOf = (ms: number): string => {
  const iso = new Date(ms).toISOString()
  return `${iso.slice(0, 10)} ${iso.slice(11, 19)} UTC`
}

const openings = object({ items: list(object({ hash: text })) })

/** The transaction that opened it: ids follow from hashes, so each opening of the owner is tried. */
function useOpening({ id, owner }: Escrow): string | undefined {
  const [opening, setOpening] = useState<string>()
  useEffect(() => {
    let isCurrent = true
    const path = `/api/v1/chain/transactions?limit=100&kind=escrow_open&sender=${owner}`
    const look = async () => {
      const answer = await getJson(path, openings)
      const hashes = answer.ok ? answer.value.value.items.map(({ hash }) => hash) : []
      const ids = await escrowsOpenedBy(hashes)
      if (isCurrent) setOpening(hashes[ids.indexOf(id)] ?? '')
    }
    void look()
    return () => {
      isCurrent = false
    }
  }, [id, owner])
  return opening
}

const columns: readonly Column<Escrow['delegates'][number]>[] = [
  {
    label: 'Delegate',
    cell: ({ delegate }) => <Hash value={delegate} what="delegate key" />,
  },
  { label: 'May still spend', cell: ({ budget }) => <Amount units={budget} />, numeric: true },
  {
    label: 'Until slot',
    cell: ({ expiry_slot: slot }) => slot.toLocaleString('en'),
    numeric: true,
  },
  {
    label: 'Revoked',
    cell: ({ revoked_at_slot: slot }) =>
      slot === undefined ? <span class="muted">no</span> : `from slot ${slot.toLocaleString('en')}`,
  },
]

function Delegates({ escrow: { delegates } }: { escrow: Escrow }) {
  if (delegates.length === 0) return null
  return (
    <>
      <h2 class="section-title">Delegates</h2>
      <Table
        caption="Delegates"
        columns={columns}
        rows={delegates}
        keyOf={({ delegate }) => delegate}
      />
      <p class="small muted below">
        Keys that may authorise jobs. They are entries of their own in the state; these are what the
        site says.
      </p>
    </>
  )
}
