/** A question to the docs in all its states, for the field and for the page of results. */
import { useEffect, useState } from 'preact/hooks'
import type { RequestFailure } from '../live/request.ts'
import { type DocsHit, searchDocs, suggestPages } from './docs-search.ts'

export type SearchState =
  | { readonly phase: 'idle' }
  | { readonly phase: 'loading' }
  | { readonly phase: 'found'; readonly query: string; readonly hits: readonly DocsHit[] }
  /** `suggestions`: pages that fit one of the words. */
  | { readonly phase: 'none'; readonly query: string; readonly suggestions: readonly DocsHit[] }
  | { readonly phase: 'failed'; readonly failure: RequestFailure; readonly retry: () => void }

const suggestionsMax = 4

/** Searches as the query changes; what was found stays until there is something newer. */
export function useSearch(query: string, limit: number): SearchState {
  const [state, setState] = useState<SearchState>({ phase: 'idle' })
  const [attempt, setAttempt] = useState(0)
  useEffect(() => {
    if (query.trim() === '') {
      setState({ phase: 'idle' })
      return
    }
    let current = true
    const show = (next: SearchState) => {
      if (current) setState(next)
    }
    setState((before) => (before.phase === 'found' ? before : { phase: 'loading' }))
    void searchDocs(query, limit).then(async (result) => {
      if (!result.ok) {
        const retry = () => setAttempt((count) => count + 1)
        show({ phase: 'failed', failure: result.error, retry })
      } else if (result.value.length > 0) {
        show({ phase: 'found', query, hits: result.value })
      } else {
        show({ phase: 'none', query, suggestions: await suggestPages(query, suggestionsMax) })
      }
    })
    return () => {
      current = false
    }
  }, [query, limit, attempt])
  return state
}
