/** What a text may name, asked of the site and of this browser: every hit, and what could not be asked. */
import { explorerPath, readSearch } from '../shared/addresses.ts'
import { ownLabels } from '../shared/labels/own-labels.ts'
import { getJson, type RequestFailure } from '../shared/live/request.ts'
import { anything, list, object, type Shape, text } from '../shared/live/shape.ts'

/** `what`: "Block". `name`: by what it was found. */
export type Hit = { readonly what: string; readonly name: string; readonly href: string }

export type Hits = {
  readonly hits: readonly Hit[]
  /** Why a part of the search has no answer; undefined when all have. */
  readonly failure: RequestFailure | undefined
}

/** No name and no label is longer. */
const nameCharsMax = 100
/** Most own labels that one text may find. */
const labelHitsMax = 20

export async function findAll(query: string): Promise<Hits> {
  const meaning = readSearch(query)
  switch (meaning.kind) {
    case 'height': {
      const height = { what: 'Block', name: meaning.value, href: explorerPath.block(meaning.value) }
      return joined([sure(height), minerNamed(query.trim())])
    }
    case 'address':
      return joined([
        sure({ what: 'Address', name: meaning.value, href: explorerPath.address(meaning.value) }),
      ])
    case 'hash':
      return joined(hashHits(meaning.value))
    case 'id':
      return joined([
        asked(`/api/v1/site/jobs/${meaning.value}`, anything, () => ({
          what: 'Job',
          name: meaning.value,
          href: explorerPath.job(meaning.value),
        })),
        minerNamed(query.trim()),
      ])
    case 'nothing': {
      const name = query.trim().slice(0, nameCharsMax)
      if (name === '') return { hits: [], failure: undefined }
      const found = await joined([minerNamed(name)])
      return { ...found, hits: [...found.hits, ...labelled(name)] }
    }
  }
}

type Part = Promise<Hit | RequestFailure | undefined>

const sure = async (hit: Hit): Part => hit

async function joined(parts: readonly Part[]): Promise<Hits> {
  const found = await Promise.all(parts)
  return {
    hits: found.filter((one): one is Hit => one !== undefined && 'href' in one),
    failure: found.find((one): one is RequestFailure => one !== undefined && 'code' in one),
  }
}

/** A hit when the site knows it; a failure when it could not be asked. */
async function asked<T>(path: string, shape: Shape<T>, hitOf: (value: T) => Hit | undefined): Part {
  const answer = await getJson(path, shape)
  if (answer.ok) return hitOf(answer.value.value)
  const { code } = answer.error
  return code === 'NOT_FOUND' || code === 'INVALID' ? undefined : answer.error
}

const rows = object({ items: list(anything) })

/** Blocks, transactions, receipts, escrows and jobs are all named by 32 bytes: the site is asked for each. */
function hashHits(hash: string): readonly Part[] {
  const hit = (what: string, href: string) => () => ({ what, name: hash, href })
  return [
    asked(`/rpc/blocks/${hash}`, anything, hit('Block', explorerPath.block(hash))),
    asked(`/rpc/tx/${hash}`, anything, hit('Transaction', explorerPath.transaction(hash))),
    asked(`/rpc/escrow/${hash}`, anything, hit('Escrow', explorerPath.escrow(hash))),
    asked(`/rpc/receipts/${hash}`, anything, hit('Receipt', explorerPath.receipt(hash))),
    asked(`/api/v1/chain/receipts?limit=1&job=${hash}`, rows, ({ items }) =>
      items.length === 0 ? undefined : hit('Job', explorerPath.job(hash))(),
    ),
  ]
}

const miners = object({ miners: list(object({ miner_id: text })) })

const minerNamed = (name: string): Part =>
  asked('/api/v1/site/miners', miners, ({ miners: online }) =>
    online.some(({ miner_id: id }) => id === name)
      ? { what: 'Miner', name, href: explorerPath.miner(name) }
      : undefined,
  )

/** Values that the reader has named so. */
function labelled(query: string): readonly Hit[] {
  const wanted = query.toLowerCase()
  return Object.entries(ownLabels.peek())
    .filter(([, label]) => label.toLowerCase().includes(wanted))
    .slice(0, labelHitsMax)
    .map(([value, label]) => ({
      what: 'Your label',
      name: label,
      href: value.startsWith('aitbc1') ? explorerPath.address(value) : explorerPath.search(value),
    }))
}
