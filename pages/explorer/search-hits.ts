/** What a text may name, asked of the site and of this browser: every hit, and what could not be asked. */
import { explorerPath, readSearch } from '../shared/addresses.ts'
import { ownLabels } from '../shared/labels/own-labels.ts'
import { getJson, type RequestFailure } from '../shared/live/request.ts'
import { anything, list, object, oneOf, type Shape, text } from '../shared/live/shape.ts'

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
      return namedBy(meaning.value)
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

const kinds = {
  block: { what: 'Block', path: explorerPath.block },
  transaction: { what: 'Transaction', path: explorerPath.transaction },
  escrow: { what: 'Escrow', path: explorerPath.escrow },
  receipt: { what: 'Receipt', path: explorerPath.receipt },
  job: { what: 'Job', path: explorerPath.job },
} as const
const named = list(oneOf(...(Object.keys(kinds) as (keyof typeof kinds)[])))
const found = object({ found: named, unread: named })

/** Blocks, transactions, receipts, escrows and jobs are all named by 32 bytes: one answer tells which. */
async function namedBy(hash: string): Promise<Hits> {
  const answer = await getJson(`/api/v1/chain/search?hash=${hash}`, found)
  if (!answer.ok) return { hits: [], failure: answer.error }
  const { found: those, unread } = answer.value.value
  const hits = those.map((kind) => ({
    what: kinds[kind].what,
    name: hash,
    href: kinds[kind].path(hash),
  }))
  const message = `the site could not look for: ${unread.join(', ')}`
  return { hits, failure: unread.length === 0 ? undefined : { code: 'REFUSED', message } }
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
