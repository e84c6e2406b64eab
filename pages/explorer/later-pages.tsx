/** Pages whose code is fetched when somebody opens one, so that the first load is small. */
import type { ComponentType } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { Skeleton } from '../shared/ui/states.tsx'
import { Title } from './parts.tsx'

/** Headings of these pages while they are on their way. */
export const laterTitles = {
  jobs: 'Jobs',
  job: 'Job',
  miners: 'Miners',
  miner: 'Miner',
  nodes: 'Nodes',
  stats: 'Figures',
  labels: 'Your labels',
  escrow: 'Escrow',
  broadcast: 'Send a signed transaction',
} as const

export type LaterName = keyof typeof laterTitles
type View = ComponentType<{ id: string }>

const loaders: Record<LaterName, () => Promise<View>> = {
  jobs: async () => (await import('./jobs-page.tsx')).JobsPage,
  job: async () => (await import('./job-page.tsx')).JobPage,
  miners: async () => (await import('./miners-page.tsx')).MinersPage,
  miner: async () => (await import('./miner-page.tsx')).MinerPage,
  nodes: async () => (await import('./nodes-page.tsx')).NodesPage,
  stats: async () => (await import('./stats-page.tsx')).StatsPage,
  labels: async () => (await import('./labels-page.tsx')).LabelsPage,
  escrow: async () => (await import('./escrow-page.tsx')).EscrowPage,
  broadcast: async () => (await import('./broadcast-page.tsx')).BroadcastPage,
}

const loaded = new Map<LaterName, View>()

export function LaterPage({ page, id }: { page: LaterName; id: string }) {
  const [, setArrived] = useState(0)
  const [failed, setFailed] = useState(false)
  const [attempt, setAttempt] = useState(0)
  useEffect(() => {
    if (loaded.has(page)) return
    let current = true
    setFailed(false)
    loaders[page]().then(
      (view) => {
        loaded.set(page, view)
        if (current) setArrived((count) => count + 1)
      },
      () => current && setFailed(true),
    )
    return () => {
      current = false
    }
  }, [page, attempt])
  const Page = loaded.get(page)
  if (Page) return <Page id={id} />
  return (
    <>
      <Title>{laterTitles[page]}</Title>
      {failed ? (
        <div class="note note-failed" role="alert">
          <strong>Could not load this page</strong>
          <span>The site cannot be reached, or it has a newer version of the explorer.</span>
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
