/** One block: what it holds, who made it, whether it is final. */
import { explorerPath } from '../shared/addresses.ts'
import { FactVerdict } from '../shared/light/fact-verdict.tsx'
import { chainEdge, slotTimeMs, status } from '../shared/live/chain.ts'
import { useResource } from '../shared/live/resource.ts'
import { type Block, block } from '../shared/live/schemas.ts'
import { Hash } from '../shared/ui/hash.tsx'
import { Pairs } from '../shared/ui/pairs.tsx'
import { Finality } from '../shared/ui/status.tsx'
import { When } from '../shared/ui/time.tsx'
import { BlockTransactions } from './block-transactions.tsx'
import { CanonicalBytes } from './canonical-bytes.tsx'
import { Detail } from './detail.tsx'
import { FutureBlock } from './next-block.tsx'
import { Proposer, Title } from './parts.tsx'

export function BlockPage({ id }: { id: string }) {
  const path = `/rpc/blocks/${encodeURIComponent(id)}`
  const found = useResource(path, block, chainEdge.value)
  const height = /^[0-9]{1,15}$/.test(id) ? Number(id) : -1
  const head = status.value?.head_height
  if (found.phase === 'failed' && head !== undefined && height > head) {
    return <FutureBlock height={height} />
  }
  return (
    <Detail resource={found} noun="block" id={id} path={path}>
      {(value, raw) => (
        <>
          <Title beside={<Finality final={value.final} />}>
            Block <span class="mono">{value.height.toLocaleString('en')}</span>
          </Title>
          <Neighbours block={value} />
          <BlockFacts block={value} />
          <FactVerdict
            of="All that is shown of this block"
            subject={{ kind: 'block', hash: value.hash }}
            shown={raw}
          />
          <h2 class="section-title">Transactions</h2>
          <BlockTransactions block={value} />
          {value.tx_count === 0 ? null : (
            <p class="small muted below">
              The mark above covers which transactions the block holds, and in which order; what
              each did is verified on its own page.
            </p>
          )}
          <CanonicalBytes
            pieces={[{ kind: 'header', name: 'header', hash: value.hash }]}
            source={path}
          />
        </>
      )}
    </Detail>
  )
}

function Neighbours({ block: { height } }: { block: Block }) {
  return (
    <nav class="neighbours" aria-label="Neighbouring blocks">
      {height > 0 ? (
        <a class="button button-small" href={explorerPath.block(height - 1)}>
          Previous
        </a>
      ) : null}
      <a class="button button-small" href={explorerPath.block(height + 1)}>
        Next
      </a>
    </nav>
  )
}

function BlockFacts({ block: value }: { block: Block }) {
  return (
    <Pairs
      pairs={[
        ['Hash', <Hash value={value.hash} what="block hash" whole />],
        [
          'Parent',
          value.height === 0 ? (
            'none: this is genesis'
          ) : (
            <Hash
              value={value.parent_hash}
              what="parent hash"
              whole
              href={explorerPath.block(value.parent_hash)}
            />
          ),
        ],
        ['Slot', <span class="mono">{value.slot.toLocaleString('en')}</span>],
        ['Made', <When ms={slotTimeMs(value.slot)} />],
        ['Proposer', <Proposer block={value} />],
        ['Transactions', <span class="mono">{value.tx_count}</span>],
        ['State root', <Hash value={value.state_root} what="state root" whole />],
      ]}
    />
  )
}
