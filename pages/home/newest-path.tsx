/** Under the drawn steps: the newest payment that really went this way, one link a step. */
import type { ComponentChildren } from 'preact'
import { explorerPath } from '../shared/addresses.ts'
import { chainEdge } from '../shared/live/chain.ts'
import { useResource } from '../shared/live/resource.ts'
import { type Receipt, receiptList } from '../shared/live/schemas.ts'
import { newestReceipts } from './newest.ts'

type Step = {
  /** What stands there until a payment is known, and when there is none. */
  readonly otherwise: ComponentChildren
  readonly show: (receipt: Receipt) => ComponentChildren
}

/** By the id of the element that the page has for it. */
export const steps = {
  'newest-receipt': {
    otherwise: <a href={explorerPath.receipts}>Every receipt</a>,
    show: ({ receipt_id: id }) => (
      <a href={explorerPath.receipt(id)}>
        The newest: <Short hash={id} />
      </a>
    ),
  },
  'newest-settlement': {
    otherwise: <a href={`${explorerPath.transactions}?kind=settle`}>Every settlement</a>,
    show: ({ payload: { tx_hash: hash } }) => (
      <a href={explorerPath.transaction(hash)}>
        The newest: <Short hash={hash} />
      </a>
    ),
  },
  'newest-block': {
    otherwise: <a href={explorerPath.blocks}>Every block</a>,
    show: ({ payload: { block_height: height } }) => (
      <a href={explorerPath.block(height)}>
        It is in block <span class="mono">{height.toLocaleString('en')}</span>
      </a>
    ),
  },
  'newest-proof': {
    otherwise: <a href="/docs/blockchain-node.html">How blocks become final</a>,
    show: ({ payload: { tx_hash: hash } }) => (
      <a href={`/rpc/proof/transaction/${encodeURIComponent(hash)}`}>Its proof, as JSON</a>
    ),
  },
} satisfies Record<string, Step>

export function NewestStep({ step }: { step: Step }) {
  const list = useResource(newestReceipts, receiptList, chainEdge.value)
  const newest = list.phase === 'ready' ? list.value.receipts[0] : undefined
  return <>{newest ? step.show(newest) : step.otherwise}</>
}

const Short = ({ hash }: { hash: string }) => (
  <span class="mono" data-same={hash} title={hash}>
    {hash.slice(0, 10)}…
  </span>
)
