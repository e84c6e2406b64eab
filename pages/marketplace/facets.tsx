/** Facets: what the offers that fit have in common, each a term that is written into the query. */
import { useState } from 'preact/hooks'
import { navigate } from '../shared/list/url-state.ts'
import type { Resource } from '../shared/live/resource.ts'
import { Disclosure } from '../shared/ui/bits.tsx'
import { Failed, Skeleton } from '../shared/ui/states.tsx'
import { valuesOf, withToggled, withValues } from './query-terms.ts'
import { marketPath } from './routes.ts'
import type { Facet, FacetsAnswer } from './wire.ts'
import { counted } from './words.tsx'

const go = (query: string) => navigate(marketPath.offers(query))

const lists = [
  { name: 'model', label: 'Model' },
  { name: 'gpu', label: 'GPU' },
  { name: 'arch', label: 'Architecture' },
  { name: 'gpu_count', label: 'How many GPUs', isOne: true },
  { name: 'cuda', label: 'CUDA' },
  { name: 'region', label: 'Region' },
  { name: 'engine', label: 'Engine' },
] as const

// The language does not tell capitals from small letters.
const isSame = (left: string, right: string) => left.toLowerCase() === right.toLowerCase()

/** Values of a facet that are in view at once. */
const shownMax = 6

type FacetsProps = { query: string; found: Resource<FacetsAnswer> }

export function Facets({ query, found }: FacetsProps) {
  if (found.phase === 'failed') {
    return <Failed what="the facets" failure={found.failure} retry={found.retry} />
  }
  const answer = found.phase === 'ready' ? found.value : undefined
  return (
    <div class="facets" aria-busy={answer === undefined}>
      <fieldset class="facet">
        <legend>State</legend>
        <Toggle query={query} name="online" label="Online now" />
        <Toggle query={query} name="verified" label="Verified" />
      </fieldset>
      {lists.map(({ name, label, ...rest }) => (
        <FacetList
          key={name}
          query={query}
          name={name}
          label={label}
          values={answer?.facets[name]}
          {...rest}
        />
      ))}
      <Bound query={query} name="vram" operator=">=" label="VRAM at least" unit="GB" />
      <Bound query={query} name="price" operator="<=" label="Price at most" unit="AITBC" />
      <Bound
        query={query}
        name="gpu_second"
        operator="<="
        label="A GPU second at most"
        unit="AITBC"
      />
      <Bound query={query} name="uptime" operator=">=" label="Seen at least" unit="%" />
      <Bound
        query={query}
        name="reputation"
        operator=">="
        label="Reputation at least"
        unit="0 to 1"
      />
      <p class="small muted">
        {answer
          ? `Counted over ${counted(answer.counted, 'offer')}${answer.complete ? '.' : ': there are more.'}`
          : null}
      </p>
    </div>
  )
}

function Toggle({ query, name, label }: { query: string; name: string; label: string }) {
  const isOn = valuesOf(query, name).includes('true')
  return (
    <label class="facet-choice">
      <input
        type="checkbox"
        checked={isOn}
        onChange={() => go(withValues(query, name, isOn ? [] : ['true']))}
      />
      <span>{label}</span>
    </label>
  )
}

type FacetListProps = {
  query: string
  name: string
  label: string
  values: Facet | undefined
  /** Takes one value at a time: a number. */
  isOne?: boolean
}

function FacetList({ query, name, label, values, isOne }: FacetListProps) {
  const chosen = valuesOf(query, name)
  const isChosen = (value: string) => chosen.some((each) => isSame(each, value))
  const known = values ?? []
  // What is chosen stays in view, whether anything fits it or not.
  const missing = chosen
    .filter((value) => !known.some((each) => isSame(each.value, value)))
    .map((value) => ({ value, count: undefined }))
  const all = [...missing, ...known]
  if (values !== undefined && all.length === 0) return null
  const choice = (value: string, count: number | undefined) => (
    <label class="facet-choice" key={value}>
      <input
        type="checkbox"
        checked={isChosen(value)}
        onChange={() =>
          go(
            isOne
              ? withValues(query, name, isChosen(value) ? [] : [value])
              : withToggled(query, name, value),
          )
        }
      />
      <span class="facet-name" title={value}>
        {value}
      </span>
      <span class="facet-count figure">{count?.toLocaleString('en') ?? ''}</span>
    </label>
  )
  return (
    <fieldset class="facet">
      <legend>{label}</legend>
      {values === undefined && all.length === 0 ? <Skeleton size={16} /> : null}
      {all.slice(0, shownMax).map(({ value, count }) => choice(value, count))}
      {all.length > shownMax ? (
        <Disclosure summary={`${all.length - shownMax} more`}>
          {all.slice(shownMax).map(({ value, count }) => choice(value, count))}
        </Disclosure>
      ) : null}
    </fieldset>
  )
}

type BoundProps = {
  query: string
  name: string
  operator: '>=' | '<='
  label: string
  unit: string
}

/** A bound is written when the field is left or Enter is pressed: half a number is no bound. */
function Bound({ query, name, operator, label, unit }: BoundProps) {
  const now = valuesOf(query, name, operator)[0] ?? ''
  const [typed, setTyped] = useState<string>()
  const id = `facet-${name}`
  const commit = () => {
    if (typed === undefined) return
    const value = typed.trim().replace(',', '.')
    setTyped(undefined)
    if (value === now || !/^\d*\.?\d*$/.test(value)) return
    go(withValues(query, name, value === '' ? [] : [value], operator))
  }
  return (
    <div class="facet">
      <label class="facet-label" for={id}>
        {label}
      </label>
      <span class="input-box">
        <input
          id={id}
          class="input figure"
          type="text"
          inputMode="decimal"
          autocomplete="off"
          value={typed ?? now}
          onInput={(event) => setTyped(event.currentTarget.value)}
          onBlur={commit}
          onKeyDown={(event) => event.key === 'Enter' && commit()}
        />
        <span class="input-unit">{unit}</span>
      </span>
    </div>
  )
}
