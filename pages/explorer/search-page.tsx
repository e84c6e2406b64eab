/** Finds out what a text means and goes there; what it cannot place, it explains. */
import { useEffect, useState } from 'preact/hooks'
import { explorerPath, readSearch } from '../shared/addresses.ts'
import { navigate, query } from '../shared/list/url-state.ts'
import { getJson } from '../shared/live/request.ts'
import { anything } from '../shared/live/shape.ts'
import { Empty } from '../shared/ui/states.tsx'
import { Title } from './parts.tsx'

export function SearchPage() {
  const text = query('q')
  const [missing, setMissing] = useState('')
  useEffect(() => {
    let current = true
    setMissing('')
    void targetOf(text).then((target) => {
      if (!current) return
      if (target === undefined) setMissing(text)
      else navigate(target, { replace: true })
    })
    return () => {
      current = false
    }
  }, [text])
  return (
    <>
      <Title>Search</Title>
      {text !== '' && missing !== text ? (
        <p aria-busy="true">
          Looking for <code class="break">{text}</code>
        </p>
      ) : (
        <Empty title={text === '' ? 'Nothing to look for' : 'Nothing found'}>
          {text === '' ? null : <code class="break">{text}</code>}
          <span>
            The search knows block heights, block and transaction hashes (64 hex digits), receipt
            ids (32 hex digits) and addresses that begin with <code>aitbc1</code>.
          </span>
        </Empty>
      )}
    </>
  )
}

async function targetOf(text: string): Promise<string | undefined> {
  const meaning = readSearch(text)
  switch (meaning.kind) {
    case 'height':
      return explorerPath.block(meaning.value)
    case 'address':
      return explorerPath.address(meaning.value)
    case 'nothing':
      return undefined
    case 'hash':
      return hashTarget(meaning.value)
  }
}

/** Blocks, transactions and receipts are all named by 32 bytes: the site is asked for each. */
async function hashTarget(hash: string): Promise<string | undefined> {
  const [asBlock, asTransaction, asReceipt] = await Promise.all([
    getJson(`/rpc/blocks/${hash}`, anything),
    getJson(`/rpc/tx/${hash}`, anything),
    getJson(`/rpc/receipts/${hash}`, anything),
  ])
  if (asBlock.ok) return explorerPath.block(hash)
  if (asTransaction.ok) return explorerPath.transaction(hash)
  return asReceipt.ok ? explorerPath.receipt(hash) : undefined
}
