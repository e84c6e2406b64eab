/** Jobs: how many are at work here, and all that were paid. */
import { DataList } from '../shared/list/data-list.tsx'
import { slowEdge } from '../shared/live/chain.ts'
import { useResource } from '../shared/live/resource.ts'
import { siteState } from '../shared/live/schemas.ts'
import { Failed } from '../shared/ui/states.tsx'
import { Tile, Title } from './parts.tsx'
import { paidJobs } from './receipts-page.tsx'

export function JobsPage() {
  const site = useResource('/api/v1/site', siteState, slowEdge.value)
  const now = site.phase === 'ready' ? site.value : undefined
  return (
    <>
      <Title>Jobs</Title>
      {site.phase === 'failed' ? (
        <Failed what="what is at work" failure={site.failure} retry={site.retry} />
      ) : (
        <div
          class={site.phase === 'ready' && site.stale ? 'tiles tiles-3 is-stale' : 'tiles tiles-3'}
        >
          <Tile label="Waiting" below="for a miner of this site">
            {now?.queued.toLocaleString('en')}
          </Tile>
          <Tile label="At work" below="at miners of this site">
            {now?.running.toLocaleString('en')}
          </Tile>
          <Tile label="Miners" href="/explorer/miners" below="online at this site">
            {now?.miners_online.toLocaleString('en')}
          </Tile>
        </div>
      )}
      <h2 class="section-title">Paid jobs</h2>
      <p class="small lead">
        A job is on the chain once it is paid, by the hash of what was asked. One that still runs is
        found by the id that its client got; nobody but the client sees question and answer.
      </p>
      <DataList list={paidJobs} />
    </>
  )
}
