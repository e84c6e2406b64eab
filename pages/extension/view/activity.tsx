/** What was signed: transactions with their state, and messages. */

import { explorerPath } from '../../shared/addresses.ts'
import { Note } from '../../shared/ui/bits.tsx'
import { CopyButton } from '../../shared/ui/copy.tsx'
import { Hash } from '../../shared/ui/hash.tsx'
import { Empty } from '../../shared/ui/states.tsx'
import { Status, TransactionStatus } from '../../shared/ui/status.tsx'
import { When } from '../../shared/ui/time.tsx'
import type { Activity } from '../background/activity.ts'
import type { NetworkView } from '../panel-calls.ts'
import { useAnswer } from './use-panel.ts'

export function ActivityView({ network }: { network: NetworkView }) {
  const { asked, again } = useAnswer('activity', {}, { isQuiet: true })
  if (asked.phase === 'loading') return <p class="small muted">Reading…</p>
  if (asked.phase === 'failed') {
    return (
      <Note title="Could not read the activity" tone="bad">
        {asked.message}
      </Note>
    )
  }
  if (asked.value.length === 0) {
    return <Empty title="Nothing signed yet">What you sign is listed here.</Empty>
  }
  return (
    <section class="stack">
      <h2 class="visually-hidden">Activity</h2>
      <ul class="entries">
        {asked.value.map((entry) => (
          <li key={entry.kind === 'transaction' ? entry.hash : `${entry.atMs}${entry.signature}`}>
            {entry.kind === 'transaction' ? (
              <Sent entry={entry} network={network} />
            ) : (
              <Signed entry={entry} />
            )}
          </li>
        ))}
      </ul>
      <button type="button" class="text-button" onClick={again}>
        Ask again
      </button>
    </section>
  )
}

type Of<K extends Activity['kind']> = Extract<Activity, { kind: K }>

function Sent({ entry, network }: { entry: Of<'transaction'>; network: NetworkView }) {
  const { standing } = entry
  return (
    <article class="entry">
      <p class="entry-head">
        <strong>{entry.summary}</strong>
      </p>
      <p class="small entry-facts">
        {standing.status === 'unknown' ? (
          <Status
            tone={standing.outcome === 'refused' ? 'bad' : 'caution'}
            word={standing.outcome === 'refused' ? 'Refused' : 'Not known whether it arrived'}
          />
        ) : (
          <TransactionStatus status={standing.status} outcome={standing.outcome} />
        )}
        <When ms={entry.atMs} />
      </p>
      <p class="small muted">For {entry.origin}</p>
      <Hash
        value={entry.hash}
        what="transaction hash"
        href={`${network.site}${explorerPath.transaction(entry.hash)}`}
      />
    </article>
  )
}

const Signed = ({ entry }: { entry: Of<'message'> }) => (
  <article class="entry">
    <p class="entry-head">
      <strong>Signed a message</strong>
    </p>
    <p class="small plain">{entry.text}</p>
    <p class="small muted">
      For {entry.origin}, <When ms={entry.atMs} />
      <CopyButton value={entry.signature} what="signature" />
    </p>
  </article>
)
