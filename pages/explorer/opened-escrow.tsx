/** The escrow that a transaction opened: its id follows from the hash of the transaction. */
import { useEffect, useState } from 'preact/hooks'
import { explorerPath } from '../shared/addresses.ts'
import { escrowsOpenedBy } from '../shared/light/client.ts'
import type { Transaction } from '../shared/live/schemas.ts'
import { Hash } from '../shared/ui/hash.tsx'
import { Pairs } from '../shared/ui/pairs.tsx'

export function OpenedEscrow({ transaction }: { transaction: Transaction }) {
  const opens = transaction.payload.type === 'ESCROW_OPEN' && transaction.outcome === 'applied'
  const [id, setId] = useState<string>()
  useEffect(() => {
    if (opens) void escrowsOpenedBy([transaction.tx_hash]).then(([first]) => setId(first))
  }, [opens, transaction.tx_hash])
  if (!opens || id === undefined) return null
  return (
    <>
      <h2 class="section-title">Opened</h2>
      <Pairs
        pairs={[
          ['Escrow', <Hash value={id} what="escrow id" href={explorerPath.escrow(id)} whole />],
        ]}
      />
    </>
  )
}
