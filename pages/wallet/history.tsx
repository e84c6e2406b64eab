/** All that the chosen account sent and received, from the chain's lists. */
import { useMemo } from 'preact/hooks'
import { transactionsOf } from '../explorer/transaction-list.tsx'
import { DataList } from '../shared/list/data-list.tsx'
import { chosen } from './chosen.ts'
import { Waiting } from './waiting.tsx'

export function History() {
  const address = chosen.value?.address ?? ''
  const list = useMemo(() => transactionsOf(address), [address])
  return (
    <>
      <h1 tabIndex={-1}>History</h1>
      <Waiting address={address} />
      <DataList key={address} list={list} fixed={{ address }} />
    </>
  )
}
