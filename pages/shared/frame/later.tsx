/** Views whose code is fetched when somebody opens one, so that the first load is small. */
import type { ComponentChildren, ComponentType } from 'preact'
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'
import { Skeleton } from '../ui/states.tsx'

/** Fetches a view's code. One function a view, whatever its props: what came is kept by it. */
export type ViewLoader<Props extends object> = () => Promise<ComponentType<Props>>

const loaded = new WeakMap<object, unknown>()

type LaterProps<Props extends object> = {
  load: ViewLoader<Props>
  /** What the view gets. */
  of: Props
  /** First heading while the view is on its way; gives its focus to the view's own. */
  heading: ComponentChildren
  /** What there may be a newer version of, such as `explorer`. */
  part: string
}

/** A view, as soon as its code is there. Give it a key that changes with the view. */
export function Later<Props extends object>({ load, of, heading, part }: LaterProps<Props>) {
  const [, setArrived] = useState(false)
  const [failed, setFailed] = useState(false)
  const [attempt, setAttempt] = useState(0)
  const hadFocus = useRef(false)
  const View = loaded.get(load) as ComponentType<Props> | undefined
  useEffect(() => {
    if (loaded.has(load)) return
    let current = true
    setFailed(false)
    load().then(
      (view) => {
        loaded.set(load, view)
        if (!current) return
        hadFocus.current = document.activeElement?.tagName === 'H1'
        setArrived(true)
      },
      () => current && setFailed(true),
    )
    return () => {
      current = false
    }
  }, [load, attempt])
  useLayoutEffect(() => {
    if (hadFocus.current) document.querySelector('h1')?.focus({ preventScroll: true })
    hadFocus.current = false
  }, [View])
  if (View) return <View {...of} />
  return (
    <>
      {heading}
      {failed ? (
        <div class="note note-failed" role="alert">
          <strong>Could not load this page</strong>
          <span>The site cannot be reached, or it has a newer version of the {part}.</span>
          <button
            type="button"
            class="button button-small"
            onClick={() => setAttempt((count) => count + 1)}
          >
            Try again
          </button>
        </div>
      ) : (
        <div aria-busy="true">
          <Skeleton size={16} />
        </div>
      )}
    </>
  )
}
