/** The transactions of one block. A block names them by hash; each is read by itself, a page at a time. */
import { useEffect, useState } from 'preact/hooks'
import { explorerPath } from '../shared/addresses.ts'
import { query } from '../shared/list/url-state.ts'
import { getJson, type RequestFailure } from '../shared/live/request.ts'
import { type Block, type ListedTransaction, listedTransaction } from '../shared/live/schemas.ts'
import { Empty, Failed } from '../shared/ui/states.tsx'
import { Table, TableSkeleton } from '../shared/ui/table.tsx'
import { offsetOf, Pager } from './parts.tsx'
import { transactionColumns } from './transaction-columns.tsx'

const limit = 20

export function BlockTransactions({ block }: { block: Block }) {
  const offset = offsetOf(query('offset'))
  const hashes = block.transactions.slice(offset, offset + limit)
  const { rows, failure, retry } = useTransactions(hashes, block.final)
  const caption = `Transactions of block ${block.height}`
  if (block.transactions.length === 0) return <NoTransactions height={block.height} />
  if (failure) return <Failed what="the transactions" failure={failure} retry={retry} />
  if (!rows) {
    return <TableSkeleton caption={caption} columns={transactionColumns} rows={hashes.length} />
  }
  return (
    <>
      <Table
        caption={caption}
        columns={transactionColumns}
        rows={rows}
        keyOf={(row) => row.tx_hash}
      />
      {block.transactions.length > limit ? (
        <Pager
          path={explorerPath.block(block.height)}
          offset={offset}
          limit={limit}
          total={block.transactions.length}
          what="transactions"
        />
      ) : null}
    </>
  )
}

function NoTransactions({ height }: { height: number }) {
  return (
    <Empty title="No transactions">
      <span>
        {height === 0
          ? 'The first block of a chain holds none.'
          : 'A heartbeat: it shows that the chain is alive while there is nothing to do.'}
      </span>
    </Empty>
  )
}

/** Reads these transactions; again when the block becomes final, since each says so of itself. */
function useTransactions(hashes: readonly string[], final: boolean) {
  const [rows, setRows] = useState<readonly ListedTransaction[]>()
  const [failure, setFailure] = useState<RequestFailure>()
  const [attempt, setAttempt] = useState(0)
  const identity = hashes.join(' ')
  useEffect(() => {
    let current = true
    void readAll(identity === '' ? [] : identity.split(' ')).then((found) => {
      if (!current) return
      const failed = found.find((result) => !result.ok)
      setFailure(failed && !failed.ok ? failed.error : undefined)
      setRows(found.flatMap((result) => (result.ok ? [result.value.value] : [])))
    })
    return () => {
      current = false
    }
  }, [identity, final, attempt])
  return { rows, failure, retry: () => setAttempt((count) => count + 1) }
}

const readAll = (hashes: readonly string[]) =>
  Promise.all(
    hashes.map((hash) => getJson(`/rpc/tx/${encodeURIComponent(hash)}`, listedTransaction)),
  )
