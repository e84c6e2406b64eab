/**
 * A hook for one answer of the site in all its states: loading, ready, ready but stale, failed.
 */
import { useEffect, useRef, useState } from 'preact/hooks'
import { paused } from './clock.ts'
import { getJson, type RequestFailure } from './request.ts'
import type { Shape } from './shape.ts'

/** `stale`: why the newest attempt failed while an older answer is still shown. */
export type Resource<T> =
  | { readonly phase: 'loading' }
  | { readonly phase: 'failed'; readonly failure: RequestFailure; readonly retry: () => void }
  | {
      readonly phase: 'ready'
      readonly value: T
      readonly raw: unknown
      readonly atMs: number
      readonly stale: RequestFailure | undefined
      readonly retry: () => void
    }

/**
 * Reads `path`. A change of `refreshOn` asks again in the background; a change of `path` starts over.
 * While live updates are paused, only a new path or a retry asks.
 */
export function useResource<T>(path: string, shape: Shape<T>, refreshOn = ''): Resource<T> {
  const [attempt, setAttempt] = useState(0)
  const [held, setHeld] = useState<{ path: string; resource: Resource<T> }>()
  const asked = useRef('')
  const retry = () => setAttempt((count) => count + 1)
  useEffect(() => {
    const identity = `${path} ${attempt}`
    if (paused.peek() && asked.current === identity) return
    asked.current = identity
    let current = true
    void getJson(path, shape).then((result) => {
      if (!current) return
      setHeld((before) => {
        if (result.ok) {
          const ready = { phase: 'ready' as const, ...result.value, stale: undefined, retry }
          return { path, resource: ready }
        }
        const old = before?.path === path ? before.resource : undefined
        const resource: Resource<T> =
          old?.phase === 'ready'
            ? { ...old, stale: result.error }
            : { phase: 'failed', failure: result.error, retry }
        return { path, resource }
      })
    })
    return () => {
      current = false
    }
  }, [path, refreshOn, attempt])
  return held?.path === path ? held.resource : { phase: 'loading' }
}
