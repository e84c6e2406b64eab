/** Pages whose code is fetched when somebody opens one, so that the first load is small. */
import { Later, type ViewLoader } from '../shared/frame/later.tsx'
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
type Loader = ViewLoader<{ id: string }>

const loaders: Record<LaterName, Loader> = {
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

export const LaterPage = ({ page, id }: { page: LaterName; id: string }) => (
  <Later
    key={page}
    load={loaders[page]}
    of={{ id }}
    heading={<Title>{laterTitles[page]}</Title>}
    part="explorer"
  />
)
