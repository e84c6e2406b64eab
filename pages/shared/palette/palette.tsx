/**
 * The command palette: a field and a list of places, look-ups and actions. The focus stays in the field;
 * the arrow keys move the choice, Enter takes it, Escape leaves.
 */
import { effect, signal } from '@preact/signals'
import { render } from 'preact'
import { useEffect, useId, useMemo, useRef, useState } from 'preact/hooks'
import { type DocsHit, searchDocs } from '../search/docs-search.ts'
import '../styles/palette.css'
import { Modal } from '../ui/dialog.tsx'
import { CloseIcon, SearchIcon } from '../ui/icon.tsx'
import { actionEntries, chainEntries, type Entry, pageEntries } from './entries.ts'
import { PaletteList } from './list.tsx'
import { ranked } from './rank.ts'
import { forgetPlaces, type Place, recentPlaces, rememberPlace } from './recent.ts'

const isOpen = signal(false)
let holder: HTMLElement | undefined

/** Opens the palette, or closes it when it is open. */
export function togglePalette(): void {
  if (!holder) {
    holder = document.createElement('div')
    document.body.append(holder)
    render(<Palette />, holder)
  }
  isOpen.value = !isOpen.value
}

export type Section = { readonly name: string; readonly entries: readonly Entry[] }

const shownMax = { docs: 6, places: 8 } as const

function Palette() {
  const chosen = useRef<string | undefined>(undefined)
  const close = () => {
    isOpen.value = false
  }
  // Only once the focus is back where it was: the page that opens may want to place it anew.
  useEffect(
    () =>
      effect(() => {
        if (isOpen.value || chosen.current === undefined) return
        const href = chosen.current
        chosen.current = undefined
        setTimeout(() => follow(href))
      }),
    [],
  )
  return (
    <Modal open={isOpen.value} onClose={close} label="Command palette" class="palette" dismissable>
      <PaletteBody
        onGo={(place) => {
          rememberPlace(place)
          chosen.current = place.href
          close()
        }}
        onDone={close}
      />
    </Modal>
  )
}

// A press on a real link, so that pages which change without loading do so here too.
function follow(href: string): void {
  const link = document.createElement('a')
  link.href = href
  document.body.append(link)
  link.click()
  link.remove()
}

type BodyProps = { onGo: (place: Place) => void; onDone: () => void }

function PaletteBody({ onGo, onDone }: BodyProps) {
  const id = useId()
  const [query, setQuery] = useState('')
  const [recent, setRecent] = useState(recentPlaces)
  const [trouble, setTrouble] = useState<string>()
  const [active, setActive] = useState(0)
  const docs = useDocs(query)
  const pages = useMemo(() => pageEntries(document), [])
  const sections = sectionsOf({ query, pages, recent, docs: docs.hits })
  const entries = sections.flatMap((section) => section.entries)
  const at = Math.min(active, entries.length - 1)
  const take = async (entry: Entry | undefined) => {
    if (!entry) return
    if ('href' in entry.does) return onGo({ label: entry.label, href: entry.does.href })
    const failed = await entry.does.act()
    if (failed === undefined) onDone()
    else setTrouble(failed)
  }
  const onKeyDown = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 5, PageUp: -5 }[event.key]
    if (event.key === 'Enter') {
      event.preventDefault()
      return void take(entries[at])
    }
    if (step === undefined || entries.length === 0) return
    event.preventDefault()
    const isLeap = Math.abs(step) > 1
    const next = at + step
    setActive(
      isLeap
        ? Math.max(0, Math.min(entries.length - 1, next))
        : (next + entries.length) % entries.length,
    )
  }
  return (
    <>
      <div class="palette-field">
        <SearchIcon />
        <input
          type="text"
          role="combobox"
          aria-label="Page, command, height, hash or address"
          aria-expanded={entries.length > 0}
          aria-controls={`${id}-list`}
          aria-activedescendant={entries.length > 0 ? `${id}-${at}` : undefined}
          aria-autocomplete="list"
          autocomplete="off"
          autocapitalize="off"
          spellcheck={false}
          // biome-ignore lint/a11y/noAutofocus: a dialog gives the focus to what it was opened for
          autoFocus
          placeholder="Go to, look up, do"
          value={query}
          onInput={(event) => {
            setQuery(event.currentTarget.value)
            setActive(0)
            setTrouble(undefined)
          }}
          onKeyDown={onKeyDown}
        />
        <button type="button" class="icon-button" aria-label="Close" onClick={onDone}>
          <CloseIcon />
        </button>
      </div>
      {trouble === undefined ? null : (
        <p class="palette-trouble" role="alert">
          {trouble}
        </p>
      )}
      <PaletteList
        id={id}
        sections={sections}
        active={at}
        onActive={setActive}
        onTake={(entry) => void take(entry)}
      />
      <Foot
        query={query}
        docs={docs}
        count={entries.length}
        {...(query === '' &&
          recent.length > 0 && {
            onForget: () => {
              forgetPlaces()
              setRecent([])
            },
          })}
      />
    </>
  )
}

type FootProps = { query: string; docs: Docs; count: number; onForget?: () => void }

function Foot({ query, docs, count, onForget }: FootProps) {
  const words =
    docs.state === 'failed'
      ? 'The docs could not be searched.'
      : docs.state === 'searching'
        ? 'Searching the docs'
        : count === 0
          ? `Nothing fits “${query.slice(0, 40)}”`
          : `${count} ${count === 1 ? 'entry' : 'entries'}`
  return (
    <div class="palette-foot">
      <span role="status">{words}</span>
      {onForget ? (
        <button type="button" class="text-button" onClick={onForget}>
          Clear recent
        </button>
      ) : null}
      <span class="palette-keys" aria-hidden="true">
        <kbd>↑</kbd>
        <kbd>↓</kbd> choose <kbd>Enter</kbd> take <kbd>Esc</kbd> leave
      </span>
    </div>
  )
}

type Docs = {
  readonly state: 'idle' | 'searching' | 'failed'
  readonly hits: readonly DocsHit[]
}

/** What the docs have on it. Old hits stay until the new ones are there. */
function useDocs(query: string): Docs {
  const [docs, setDocs] = useState<Docs>({ state: 'idle', hits: [] })
  const isAsked = query.trim().length > 1
  useEffect(() => {
    if (!isAsked) return setDocs({ state: 'idle', hits: [] })
    let current = true
    setDocs(({ hits }) => ({ state: 'searching', hits }))
    void searchDocs(query, shownMax.docs).then((found) => {
      if (!current) return
      setDocs(found.ok ? { state: 'idle', hits: found.value } : { state: 'failed', hits: [] })
    })
    return () => {
      current = false
    }
  }, [query])
  return docs
}

type Sources = {
  query: string
  pages: readonly Entry[]
  recent: readonly Place[]
  docs: readonly DocsHit[]
}

function sectionsOf({ query, pages, recent, docs }: Sources): readonly Section[] {
  const isEmpty = query.trim() === ''
  const places = ranked(pages, query).slice(0, isEmpty ? undefined : shownMax.places)
  const sections: readonly Section[] = [
    {
      name: 'Recent',
      entries: isEmpty
        ? recent.map(({ label, href }) => ({
            id: `recent ${href}`,
            kind: 'recent',
            label,
            hint: href,
            does: { href },
          }))
        : [],
    },
    { name: 'On the chain', entries: chainEntries(query) },
    { name: 'Pages', entries: places },
    { name: 'Actions', entries: ranked(actionEntries(), query) },
    {
      name: 'Docs',
      entries: docs.map(({ href, page, heading }) => ({
        id: `docs ${href}`,
        kind: 'docs',
        label: heading,
        does: { href },
        ...(page !== heading && { hint: page }),
      })),
    },
  ]
  return sections.filter(({ entries }) => entries.length > 0)
}
