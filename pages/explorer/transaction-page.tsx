/** One transaction: what it asked, what it did, where it stands. */

import { visibleText } from '../../core/wallet/visible-text.ts'
import { explorerPath } from '../shared/addresses.ts'
import { FactVerdict } from '../shared/light/fact-verdict.tsx'
import { chainEdge } from '../shared/live/chain.ts'
import { useResource } from '../shared/live/resource.ts'
import { type Settlement, type Transaction, transaction } from '../shared/live/schemas.ts'
import { Amount } from '../shared/ui/amount.tsx'
import { Hash } from '../shared/ui/hash.tsx'
import { addressLink, heightLink, receiptLink, wholeAddress } from '../shared/ui/links.tsx'
import { Pairs } from '../shared/ui/pairs.tsx'
import { Status, TransactionStatus } from '../shared/ui/status.tsx'
import { type Column, Table } from '../shared/ui/table.tsx'
import { When } from '../shared/ui/time.tsx'
import { CanonicalBytes } from './canonical-bytes.tsx'
import { Detail } from './detail.tsx'
import { codeWords, fieldWords, kindWords } from './kinds.ts'
import { OpenedEscrow } from './opened-escrow.tsx'
import { Title } from './parts.tsx'

export function TransactionPage({ hash }: { hash: string }) {
  const path = `/rpc/tx/${encodeURIComponent(hash)}`
  const found = useResource(path, transaction, chainEdge.value)
  return (
    <Detail resource={found} noun="transaction" id={hash} path={path}>
      {(value, raw) => (
        <>
          <Title beside={<TransactionStatus status={value.status} outcome={value.outcome} />}>
            {kindWords(value.payload.type)}
          </Title>
          <TransactionFacts transaction={value} />
          <FactVerdict
            of="All that is shown of this transaction"
            subject={{ kind: 'transaction', hash: value.tx_hash }}
            shown={raw}
          />
          <Settlements transaction={value} />
          <OpenedEscrow transaction={value} />
          <SignedContent payload={value.payload.payload} />
          <CanonicalBytes
            pieces={[
              { kind: 'transaction', name: 'transaction', hash: value.tx_hash },
              ...(value.outcome === undefined
                ? []
                : [{ kind: 'outcome', name: 'outcome' } as const]),
            ]}
            source={path}
          />
        </>
      )}
    </Detail>
  )
}

function TransactionFacts({ transaction: value }: { transaction: Transaction }) {
  const { block_height: height, outcome, payload, recipient } = value
  const hasFailed = outcome !== undefined && outcome !== 'applied'
  return (
    <Pairs
      pairs={[
        ['Hash', <Hash value={value.tx_hash} what="transaction hash" whole />],
        hasFailed ? ['Why it failed', <Status tone="bad" word={fieldWords(outcome)} />] : undefined,
        ['Block', height === undefined ? 'waiting in the mempool' : heightLink(height)],
        value.timestamp_ms === undefined ? undefined : ['Time', <When ms={value.timestamp_ms} />],
        ['From', wholeAddress(value.sender, 'sender')],
        recipient === '' ? undefined : ['To', wholeAddress(recipient, 'recipient')],
        value.fee_charged === undefined
          ? ['Fee offered', <Amount units={payload.fee} />]
          : ['Fee', <Amount units={value.fee_charged} />],
        ['Nonce', <span class="mono">{payload.nonce}</span>],
        ['Valid until slot', <span class="mono">{payload.valid_until.toLocaleString('en')}</span>],
      ]}
    />
  )
}

const columns: readonly Column<Settlement & { readonly index: number }>[] = [
  {
    label: 'Result',
    cell: ({ result }) =>
      result === 'paid' ? (
        <Status tone="good" word="Paid" />
      ) : (
        <Status tone="bad" word={`Not paid: ${codeWords(result)}`} />
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
    cell: ({ receipt_hash: hash }) => receiptLink(hash),
  },
]

function Settlements({ transaction: value }: { transaction: Transaction }) {
  const settlements = value.settlements
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
function SignedContent({ payload }: { payload: Readonly<Record<string, unknown>> }) {
  const fields = Object.entries(payload).filter(
    ([, value]) => typeof value === 'string' || typeof value === 'number',
  )
  if (fields.length === 0) return null
  return (
    <>
      <h2 class="section-title">Signed content</h2>
      <Pairs pairs={fields.map(([name, value]) => [fieldWords(name), fieldOf(name, value)])} />
    </>
  )
}

function fieldOf(name: string, value: unknown) {
  const shown = visibleText(String(value))
  if (/^(?:amount|budget|price)$/.test(name) && /^[0-9]{1,20}$/.test(shown)) {
    return <Amount units={BigInt(shown)} />
  }
  if (name === 'escrow') {
    return <Hash value={shown} what="escrow id" href={explorerPath.escrow(shown)} whole />
  }
  if (shown.startsWith('aitbc1')) return wholeAddress(shown, 'address')
  return shown.length > 20 ? (
    <Hash value={shown} what={codeWords(name)} whole />
  ) : (
    <code>{shown}</code>
  )
}
