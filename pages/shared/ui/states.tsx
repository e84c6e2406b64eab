/** The states that a figure can be in besides being there. */
import type { ComponentChildren } from 'preact'
import type { RequestFailure } from '../live/request.ts'
import type { Resource } from '../live/resource.ts'
import { When } from './time.tsx'

/** A grey bar of the size that the text will have, in characters. */
export function Skeleton({ size }: { size: 4 | 8 | 16 }) {
  return (
    <span class={`skeleton skeleton-${size}`}>
      <span class="visually-hidden">Loading</span>
    </span>
  )
}

/** Says what would be here and how to make it so. */
export function Empty({ title, children }: { title: string; children?: ComponentChildren }) {
  return (
    <div class="note">
      <strong>{title}</strong>
      {children}
    </div>
  )
}

type FailedProps = { what: string; failure: RequestFailure; retry: () => void }

/** Says what could not be read, why, and offers to try again. */
export function Failed({ what, failure, retry }: FailedProps) {
  return (
    <div class="note note-failed" role="alert">
      <strong>Could not read {what}</strong>
      <span>
        {failure.message}
        {failure.requestId ? ` Request ${failure.requestId}.` : ''}
      </span>
      <button type="button" class="button button-small" onClick={retry}>
        Try again
      </button>
    </div>
  )
}

type StaleProps = { failure: RequestFailure; atMs: number; retry: () => void }

/** Stands above figures that are still shown but could not be refreshed. */
export function StaleLine({ failure, atMs, retry }: StaleProps) {
  return (
    <div class="stale-line" role="status">
      <span>
        Figures from <When ms={atMs} ageOnly />. {failure.message}
      </span>
      <button type="button" class="button button-small" onClick={retry}>
        Refresh
      </button>
    </div>
  )
}

const oneLine = (
  <p>
    <Skeleton size={16} />
  </p>
)

type LoadedProps<T> = {
  resource: Resource<T>
  /** Completes "Could not read …". */
  what: string
  /** Stands here meanwhile; without it a line of text does. */
  loading?: ComponentChildren
  children: (value: T) => ComponentChildren
}

/** Shows one resource in whatever state it is. */
export function Loaded<T>({ resource, what, loading = oneLine, children }: LoadedProps<T>) {
  if (resource.phase === 'loading') return <div aria-busy="true">{loading}</div>
  if (resource.phase === 'failed') {
    return <Failed what={what} failure={resource.failure} retry={resource.retry} />
  }
  const { value, stale, atMs, retry } = resource
  if (!stale) return <>{children(value)}</>
  return (
    <>
      <StaleLine failure={stale} atMs={atMs} retry={retry} />
      <div class="is-stale">{children(value)}</div>
    </>
  )
}
