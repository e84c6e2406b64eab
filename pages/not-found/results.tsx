/** What the docs and the chain have for a question, under the search field of the 404 page. */
import { useEffect, useState } from 'preact/hooks'
import type { Result } from '../../core/base/result.ts'
import { explorerPath, readSearch } from '../shared/addresses.ts'
import type { RequestFailure } from '../shared/live/request.ts'
import { type DocsHit, searchDocs, suggestPages } from '../shared/search/docs-search.ts'
import { Failed, Skeleton } from '../shared/ui/states.tsx'

const hitsMax = 5

/** `close`: nothing fits the whole question; these pages fit a word of it. */
type Found = { readonly hits: readonly DocsHit[]; readonly close: boolean }
type Answer = Result<Found, RequestFailure> & { readonly query: string }

export function Results({ query }: { query: string }) {
  const [answer, setAnswer] = useState<Answer>()
  const [attempt, setAttempt] = useState(0)
  useEffect(() => {
    let current = true
    void ask(query).then((result) => {
      if (current) setAnswer({ ...result, query })
    })
    return () => {
      current = false
    }
  }, [query, attempt])
  if (query.trim() === '') return null
  const meaning = readSearch(query)
  return (
    <>
      {meaning.kind === 'nothing' ? null : (
        <ul class="found">
          <li>
            <a href={explorerPath.search(meaning.value)}>Look it up in the explorer</a>
            <span class="muted">it looks like {meaningWords[meaning.kind]}</span>
          </li>
        </ul>
      )}
      <Hits answer={answer?.query === query ? answer : undefined} retry={setAttempt} />
    </>
  )
}

/** Completes "looks like …". */
export const meaningWords = {
  height: 'a block height',
  hash: 'the hash of a block, a transaction, a receipt or a job',
  address: 'an address on the chain',
  id: 'the id of a job or a receipt',
} as const

async function ask(query: string): Promise<Result<Found, RequestFailure>> {
  const exact = await searchDocs(query, hitsMax)
  if (!exact.ok) return exact
  if (exact.value.length > 0) return { ok: true, value: { hits: exact.value, close: false } }
  return { ok: true, value: { hits: await suggestPages(query, hitsMax), close: true } }
}

/** As much room as the answer takes. */
function Searching() {
  return (
    <>
      <p class="found-note muted">Searching the docs</p>
      <ul class="found found-waiting" aria-hidden="true">
        {Array.from({ length: hitsMax }, (_, index) => (
          <li key={index}>
            <Skeleton size={16} />
          </li>
        ))}
      </ul>
    </>
  )
}

type HitsProps = { answer: Answer | undefined; retry: (change: (count: number) => number) => void }

function Hits({ answer, retry }: HitsProps) {
  if (!answer) return <Searching />
  if (!answer.ok) {
    const again = () => retry((count) => count + 1)
    return <Failed what="the docs" failure={answer.error} retry={again} />
  }
  const { hits, close } = answer.value
  if (hits.length === 0) {
    return <p class="found-note muted">The docs have nothing on “{answer.query}”.</p>
  }
  return (
    <>
      <p class="found-note muted">
        {close ? 'Nothing fits all of it; these come close' : 'In the docs'}
      </p>
      <ul class="found">
        {hits.map(({ href, page, heading, excerpt }) => (
          <li key={href}>
            <a href={href}>{heading === page ? page : `${page}: ${heading}`}</a>
            {excerpt === '' ? null : <span class="muted">{excerpt}</span>}
          </li>
        ))}
      </ul>
    </>
  )
}
