/** The search field of a docs page: results show below it while one types. */
import { render } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { moveByArrow } from '../shared/search/arrows.ts'
import { SearchResults } from '../shared/search/results.tsx'
import { useSearch } from '../shared/search/use-search.ts'

const hitsMax = 6

/** Brings the static form of the page to life. */
export function bindSearchField(): void {
  const form = document.getElementById('docs-search')
  const input = document.getElementById('docs-search-text')
  if (!form || !(input instanceof HTMLInputElement)) return
  const holder = document.createElement('div')
  form.append(holder)
  render(<Suggestions form={form} input={input} />, holder)
}

function Suggestions({ form, input }: { form: HTMLElement; input: HTMLInputElement }) {
  const [query, setQuery] = useState('')
  const [isOpen, setOpen] = useState(false)
  const state = useSearch(isOpen ? query : '', hitsMax)
  useEffect(() => {
    const read = () => {
      setQuery(input.value)
      setOpen(true)
    }
    const leave = (event: Event) => {
      const to = event instanceof FocusEvent ? event.relatedTarget : event.target
      if (!(to instanceof Node && form.contains(to))) setOpen(false)
    }
    const press = (event: KeyboardEvent) => {
      if (event.key === 'Escape') {
        input.focus()
        setOpen(false)
      } else moveByArrow(event, form)
    }
    input.addEventListener('input', read)
    input.addEventListener('focus', read)
    form.addEventListener('focusout', leave)
    form.addEventListener('keydown', press)
    // What was typed before this program ran counts.
    if (document.activeElement === input) read()
    return () => {
      input.removeEventListener('input', read)
      input.removeEventListener('focus', read)
      form.removeEventListener('focusout', leave)
      form.removeEventListener('keydown', press)
    }
  }, [form, input])
  if (!isOpen || state.phase === 'idle') return null
  return (
    <div class="search-box">
      <SearchResults state={state} />
      {state.phase === 'found' && (
        <a class="hit hit-all" href={`/docs/search.html?q=${encodeURIComponent(query)}`}>
          All results
        </a>
      )}
    </div>
  )
}
