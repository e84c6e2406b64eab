/** Saves what the filters leave as a file. The code that does it is fetched on first use. */
import { useEffect, useRef, useState } from 'preact/hooks'
import { announce } from '../frame/announce.ts'
import { exportRowsMax } from './export-limits.ts'
import type { Filters } from './list-query.ts'
import { Popover } from './popover.tsx'

type ExportMenuProps = {
  listId: string
  noun: string
  source: string
  chainId: string
  filters: Filters
  fixed: Filters | undefined
}

type Progress =
  | { readonly phase: 'idle' }
  | { readonly phase: 'running'; readonly rows: number }
  | { readonly phase: 'done' | 'failed'; readonly words: string }

export function ExportMenu(props: ExportMenuProps) {
  const { listId, noun } = props
  const [progress, setProgress] = useState<Progress>({ phase: 'idle' })
  const running = useRef<AbortController | undefined>(undefined)
  useEffect(() => () => running.current?.abort(), [])
  const start = async (ending: 'csv' | 'json') => {
    if (running.current) return
    const controller = new AbortController()
    running.current = controller
    setProgress({ phase: 'running', rows: 0 })
    const onRows = (rows: number) => setProgress({ phase: 'running', rows })
    const ended = await exportAs(ending, { ...props, onRows, signal: controller.signal })
    running.current = undefined
    setProgress(ended)
    announce(ended.words)
  }
  return (
    <Popover id={`${listId}-export`} label="Export" of={noun}>
      <p class="small">
        All {noun} that the filters leave, newest first, at most{' '}
        {exportRowsMax.toLocaleString('en')}.
      </p>
      <div class="popover-foot">
        {(['csv', 'json'] as const).map((ending) => (
          <button
            key={ending}
            type="button"
            class="button button-small"
            aria-disabled={progress.phase === 'running' ? 'true' : undefined}
            onClick={() => void start(ending)}
          >
            Save {ending.toUpperCase()}
          </button>
        ))}
        {progress.phase === 'running' ? (
          <button
            type="button"
            class="button button-small"
            onClick={() => running.current?.abort()}
          >
            Cancel
          </button>
        ) : null}
      </div>
      {progress.phase === 'idle' ? null : (
        <p class={progress.phase === 'failed' ? 'small export-failed' : 'small'}>
          {progress.phase === 'running'
            ? `${progress.rows.toLocaleString('en')} rows read`
            : progress.words}
        </p>
      )}
    </Popover>
  )
}

type ExportInput = ExportMenuProps & {
  readonly onRows: (rows: number) => void
  readonly signal: AbortSignal
}

async function exportAs(
  ending: 'csv' | 'json',
  input: ExportInput,
): Promise<{ phase: 'done' | 'failed'; words: string }> {
  try {
    const { collectRows, csvOf, fileNameOf, jsonOf, saveFile } = await import('./export-rows.ts')
    const collected = await collectRows(input)
    if (!collected.ok) {
      const { code, message } = collected.error
      return { phase: code === 'CANCELED' ? 'done' : 'failed', words: message }
    }
    const { rows, isCut } = collected.value
    const count = rows.length.toLocaleString('en')
    const content =
      ending === 'csv'
        ? { text: csvOf(rows), type: 'text/csv;charset=utf-8' }
        : { text: jsonOf(input, collected.value), type: 'application/json' }
    const name = fileNameOf(input, collected.value, ending)
    saveFile(name, content)
    const words = isCut
      ? `Saved the newest ${count} rows; older ones are left out. Narrow the filters for those.`
      : `Saved ${count} ${rows.length === 1 ? 'row' : 'rows'} as ${name}.`
    return { phase: 'done', words }
  } catch {
    // The piece of script for exports comes from the site like everything else.
    return { phase: 'failed', words: 'The site cannot be reached; nothing was saved.' }
  }
}
