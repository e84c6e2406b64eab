/** One transaction: what it asked, what it did, where it stands. */
import { explorerPath } from '../shared/addresses.ts'
import { chainEdge } from '../shared/live/chain.ts'
import { useResource } from '../shared/live/resource.ts'
import { type Settlement, type Transaction, transaction } from '../shared/live/schemas.ts'
import { Amount } from '../shared/ui/amount.tsx'
import { Hash } from '../shared/ui/hash.tsx'
import { addressLink, heightLink } from '../shared/ui/links.tsx'
import { Pairs } from '../shared/ui/pairs.tsx'
import { Loaded } from '../shared/ui/states.tsx'
import { Status, TransactionStatus } from '../shared/ui/status.tsx'
import { type Column, Table } from '../shared/ui/table.tsx'
import { When } from '../shared/ui/time.tsx'
import { codeWords, kindWords } from './kinds.ts'
import { Missing, PageSkeleton } from './missing.tsx'
import { RawAnswer, Title } from './parts.tsx'

export function TransactionPage({ hash }: { hash: string }) {
  const path = `/rpc/tx/${encodeURIComponent(hash)}`
  const found = useResource(path, transaction, chainEdge.value)
  if (found.phase === 'failed' && found.failure.code === 'NOT_FOUND') {
    return <Missing title="No such transaction" id={hash} />
  }
  return (
    <Loaded resource={found} what="this transaction" loading={<PageSkeleton title="Transaction" />}>
      {(value) => (
        <>
          <Title beside={<TransactionStatus status={value.status} final={value.final} />}>
            {kindWords(value.payload.kind)}
          </Title>
          <TransactionFacts transaction={value} />
          <Settlements transaction={value} />
          <Payload payload={value.payload} />
          {found.phase === 'ready' ? <RawAnswer raw={found.raw} path={path} /> : null}
        </>
      )}
    </Loaded>
  )
}

function TransactionFacts({ transaction: value }: { transaction: Transaction }) {
  const { block_height: height, created_at: createdAt } = value
  return (
    <Pairs
      pairs={[
        ['Hash', <Hash value={value.tx_hash} what="transaction hash" whole />],
        value.status === 'failed'
          ? ['Why it failed', <Status tone="bad" word={codeWords(value.code ?? 'not told')} />]
          : undefined,
        [
          'Block',
          typeof height === 'number' ? heightLink(height) : 'waiting in the mempool for a block',
        ],
        createdAt ? ['Time', <When ms={Date.parse(createdAt)} />] : undefined,
        ['From', addressLink(value.sender, 'sender')],
        value.recipient ? ['To', addressLink(value.recipient, 'recipient')] : undefined,
        ['Fee', <Amount units={value.fee} />],
        ['Nonce', <span class="mono">{value.nonce}</span>],
      ]}
    />
  )
}

const columns: readonly Column<Settlement & { readonly index: number }>[] = [
  {
    label: 'Result',
    cell: ({ code }) =>
      code === 'paid' ? (
        <Status tone="good" word="Paid" />
      ) : (
        <Status tone="bad" word={`Not paid: ${codeWords(code)}`} />
      ),
  },
  { label: 'Amount', cell: ({ amount }) => <Amount units={amount} />, numeric: true },
  {
    label: 'To the miner',
    cell: ({ miner_amount: part }) => <Amount units={part} />,
    numeric: true,
  },
  { label: 'Miner', cell: ({ miner }) => addressLink(miner, 'miner address') },
  {
    label: 'Receipt hash',
    cell: ({ receipt_hash: hash }) => <Hash value={hash} what="receipt hash" />,
  },
]

function Settlements({ transaction: value }: { transaction: Transaction }) {
  const settlements = value.outcome?.settlements ?? []
  if (settlements.length === 0) return null
  return (
    <>
      <h2 class="section-title">Settled jobs</h2>
      <Table
        caption="Settled jobs"
        columns={columns}
        rows={settlements.map((item, index) => ({ ...item, index }))}
        keyOf={(row) => row.index}
      />
    </>
  )
}

/** The signed content, field by field; deeper values are in the raw answer. */
function Payload({ payload }: { payload: Transaction['payload'] }) {
  const fields = Object.entries(payload).filter(
    ([name, value]) => name !== 'kind' && (typeof value === 'string' || typeof value === 'number'),
  )
  if (fields.length === 0) return null
  return (
    <>
      <h2 class="section-title">Signed content</h2>
      <Pairs pairs={fields.map(([name, value]) => [codeWords(name), fieldOf(name, value)])} />
    </>
  )
}

function fieldOf(name: string, value: unknown) {
  const text = String(value)
  if (/^(?:amount|budget|limit)$/.test(name) && /^[0-9]{1,20}$/.test(text)) {
    return <Amount units={BigInt(text)} />
  }
  if (text.startsWith('aitbc1')) {
    return <Hash value={text} what="address" href={explorerPath.address(text)} />
  }
  return text.length > 20 ? <Hash value={text} what={codeWords(name)} /> : <code>{text}</code>
}
