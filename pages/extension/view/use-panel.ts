/** What the windows know of the wallet, kept fresh: whatever another window or the background changes shows. */
import { useCallback, useEffect, useState } from 'preact/hooks'
import { browserApi } from '../browser-api.ts'
import {
  ask,
  type PanelCall,
  type PanelCalls,
  PanelError,
  type PanelState,
} from '../panel-calls.ts'

export type Asked<T> =
  | { readonly phase: 'loading' }
  | { readonly phase: 'ready'; readonly value: T }
  | { readonly phase: 'failed'; readonly message: string }

/**
 * The answer to a call, asked again whenever storage changes and after `again()`. `isQuiet`: a change of
 * storage asks nothing, as for answers that themselves write.
 */
export function useAnswer<C extends PanelCall>(
  call: C,
  request: PanelCalls[C]['request'],
  options: { readonly isQuiet?: boolean } = {},
): { readonly asked: Asked<PanelCalls[C]['answer']>; readonly again: () => void } {
  const [asked, setAsked] = useState<Asked<PanelCalls[C]['answer']>>({ phase: 'loading' })
  const [count, setCount] = useState(0)
  const again = useCallback(() => setCount((before) => before + 1), [])
  const question = JSON.stringify(request)
  useEffect(() => {
    let isCurrent = true
    ask(call, JSON.parse(question) as PanelCalls[C]['request']).then(
      (value) => isCurrent && setAsked({ phase: 'ready', value }),
      (error: unknown) => isCurrent && setAsked({ phase: 'failed', message: wordsOf(error) }),
    )
    return () => {
      isCurrent = false
    }
  }, [call, question, count])
  useStorageNews(options.isQuiet ? undefined : again)
  return { asked, again }
}

/** Calls back after changes of storage, once for several in a row. */
function useStorageNews(hear: (() => void) | undefined): void {
  useEffect(() => {
    if (!hear) return
    newsListeners.add(hear)
    return () => {
      newsListeners.delete(hear)
    }
  }, [hear])
}

const newsListeners = new Set<() => void>()
const settleMs = 50
let settling: ReturnType<typeof setTimeout> | undefined

/** Starts hearing of changes; call once a window. */
export function followStorage(): void {
  browserApi().storage.onChanged.addListener(() => {
    clearTimeout(settling)
    settling = setTimeout(() => {
      for (const hear of newsListeners) hear()
    }, settleMs)
  })
}

export const usePanelState = (): {
  readonly asked: Asked<PanelState>
  readonly again: () => void
} => useAnswer('state', {})

export const wordsOf = (error: unknown): string =>
  error instanceof PanelError || error instanceof Error ? error.message : String(error)
