import type { Resource } from '../../shared/live/resource.ts'
import { Empty, Loaded, Skeleton } from '../../shared/ui/states.tsx'

const failure = { code: 'UNREACHABLE', message: 'The site cannot be reached.' } as const
const retry = () => undefined

// What `useResource` returns, in each of its phases.
const phases: readonly Resource<string>[] = [
  { phase: 'loading' },
  { phase: 'ready', value: '1,204', raw: '1204', atMs: 0, stale: undefined, retry },
  { phase: 'ready', value: '1,204', raw: '1204', atMs: Date.now(), stale: failure, retry },
  { phase: 'failed', failure, retry },
]

export function StatesSample() {
  return (
    <>
      {phases.map((resource, index) => (
        <div key={index}>
          <Loaded resource={resource} what="the height" loading={<Skeleton size={8} />}>
            {(height) => <span class="figure">{height}</span>}
          </Loaded>
        </div>
      ))}
      <Empty title="No receipts yet">
        <span>A receipt appears here when a job has been paid.</span>
      </Empty>
    </>
  )
}
