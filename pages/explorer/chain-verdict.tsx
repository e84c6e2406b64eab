/**
 * Whether the newest final block that the site shows is final, by this browser's own check. Looked at now and
 * then: every block that is final stands on the one before.
 */
import { useEffect, useState } from 'preact/hooks'
import { FactVerdict } from '../shared/light/fact-verdict.tsx'
import { recentBlocks, slowEdge, status } from '../shared/live/chain.ts'
import type { BlockSummary } from '../shared/live/schemas.ts'

export function ChainVerdict() {
  const [looked, setLooked] = useState<BlockSummary>()
  const isKnown = status.value !== undefined
  const edge = slowEdge.value
  useEffect(() => {
    const final = status.peek()?.final_height
    const block = recentBlocks.peek().find(({ height }) => height === final)
    if (block) setLooked(block)
  }, [isKnown, edge])
  if (!looked) {
    return (
      <div class="below fact-verdict">
        <p class="small muted">Checking against the chain…</p>
      </div>
    )
  }
  return (
    <FactVerdict
      of={`Final block ${looked.height.toLocaleString('en')}, and with it all blocks before`}
      subject={{ kind: 'block', hash: looked.hash }}
      shown={looked}
    />
  )
}
