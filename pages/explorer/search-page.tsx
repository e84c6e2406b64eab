/** Finds out what a text means and goes there; several meanings are listed, none is explained. */
import { useEffect, useState } from 'preact/hooks'
import { navigate, query } from '../shared/list/url-state.ts'
import { Empty, Failed } from '../shared/ui/states.tsx'
import { Title } from './parts.tsx'
import { findAll, type Hits } from './search-hits.ts'

export function SearchPage() {
  const text = query('q')
  const [found, setFound] = useState<{ text: string; result: Hits }>()
  const [attempt, setAttempt] = useState(0)
  useEffect(() => {
    let current = true
    setFound(undefined)
    void findAll(text).then((result) => {
      if (!current) return
      const [only, ...others] = result.hits
      if (only && others.length === 0 && !result.failure) navigate(only.href, { replace: true })
      else setFound({ text, result })
    })
    return () => {
      current = false
    }
  }, [text, attempt])
  return (
    <>
      <Title>Search</Title>
      {text === '' ? (
        <Empty title="Nothing to look for">
          <Known />
        </Empty>
      ) : found?.text === text ? (
        <Found text={text} result={found.result} retry={() => setAttempt((count) => count + 1)} />
      ) : (
        <p aria-busy="true">
          Looking for <code class="break">{text}</code>
        </p>
      )}
    </>
  )
}

type FoundProps = { text: string; result: Hits; retry: () => void }

function Found({ text, result: { hits, failure }, retry }: FoundProps) {
  return (
    <>
      {failure ? <Failed what="all that this may name" failure={failure} retry={retry} /> : null}
      {hits.length > 0 ? (
        <>
          <p>
            <code class="break">{text}</code> may mean:
          </p>
          <ul class="hits">
            {hits.map(({ what, name, href }) => (
              <li key={href}>
                <span class="muted">{what}</span>
                <a class="break" href={href}>
                  {name}
                </a>
              </li>
            ))}
          </ul>
        </>
      ) : failure ? null : (
        <Empty title="Nothing found">
          <code class="break">{text}</code>
          <Known />
        </Empty>
      )}
    </>
  )
}

const Known = () => (
  <span>
    The search knows block heights, hashes of blocks, transactions, receipts, escrows and jobs (64
    hex digits), ids of this site’s jobs and receipts (32 hex digits), addresses that begin with{' '}
    <code>aitbc1</code>, names of miners that are online, and your own labels.
  </span>
)
