/** A page about one thing, in every state: there, not there, not a name at all, not to be had now. */
import type { ComponentChildren } from 'preact'
import type { Resource } from '../shared/live/resource.ts'
import { Empty, Failed, Loaded, Skeleton } from '../shared/ui/states.tsx'
import { RawAnswer, Title } from './parts.tsx'

type DetailProps<T> = {
  resource: Resource<T>
  /** What the page is about, in lower case: "block". */
  noun: string
  /** As it stands in the address. */
  id: string
  /** Where the answer comes from. */
  path: string
  /** `raw`: the answer as it came. */
  children: (value: T, raw: unknown) => ComponentChildren
}

export function Detail<T>({ resource, noun, id, path, children }: DetailProps<T>) {
  if (resource.phase === 'failed') {
    const { failure, retry } = resource
    if (failure.code === 'NOT_FOUND' || failure.code === 'INVALID') {
      return <Missing noun={noun} id={id} />
    }
    return (
      <>
        <Title>{capitalised(noun)}</Title>
        <Failed what={`this ${noun}`} failure={failure} retry={retry} />
      </>
    )
  }
  return (
    <Loaded resource={resource} what={`this ${noun}`} loading={<PageSkeleton noun={noun} />}>
      {(value) => (
        <>
          {children(value, resource.phase === 'ready' ? resource.raw : undefined)}
          {resource.phase === 'ready' ? <RawAnswer raw={resource.raw} path={path} /> : null}
        </>
      )}
    </Loaded>
  )
}

function Missing({ noun, id }: { noun: string; id: string }) {
  return (
    <>
      <Title>No such {noun}</Title>
      <Empty title="Nothing here has this name">
        <code class="break">{id}</code>
        <span>
          Check that it is whole and that it belongs to this chain: a reset test network starts
          over.
        </span>
        <a class="button button-small" href="/explorer/">
          To the overview
        </a>
      </Empty>
    </>
  )
}

function PageSkeleton({ noun }: { noun: string }) {
  return (
    <>
      <Title>{capitalised(noun)}</Title>
      <PairsSkeleton rows={7} />
    </>
  )
}

/** Facts that are on their way. */
export const PairsSkeleton = ({ rows }: { rows: number }) => (
  <div class="pairs">
    {Array.from({ length: rows }, (_, index) => (
      <div key={index}>
        <Skeleton size={8} />
        <Skeleton size={16} />
      </div>
    ))}
  </div>
)

const capitalised = (noun: string): string => noun.charAt(0).toUpperCase() + noun.slice(1)
