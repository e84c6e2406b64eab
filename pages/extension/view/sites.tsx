/** The sites that may see an account, and how to end that. */
import { Note } from '../../shared/ui/bits.tsx'
import { Hash } from '../../shared/ui/hash.tsx'
import { Empty } from '../../shared/ui/states.tsx'
import { When } from '../../shared/ui/time.tsx'
import { ask } from '../panel-calls.ts'
import { useAnswer } from './use-panel.ts'

export function SitesView() {
  const { asked, again } = useAnswer('sites', {})
  if (asked.phase === 'loading') return <p class="small muted">Reading…</p>
  if (asked.phase === 'failed') {
    return (
      <Note title="Could not read the sites" tone="bad">
        {asked.message}
      </Note>
    )
  }
  if (asked.value.length === 0) {
    return (
      <Empty title="No site is connected">
        A site that you connect sees the address of one account, and may ask you to sign.
      </Empty>
    )
  }
  return (
    <section class="stack">
      <h2 class="visually-hidden">Connected sites</h2>
      <ul class="entries">
        {asked.value.map(({ origin, address, sinceMs }) => (
          <li key={origin} class="entry">
            <p class="entry-head">
              <strong class="mono small">{origin}</strong>
              <button
                type="button"
                class="button button-small"
                aria-label={`Disconnect ${origin}`}
                onClick={() => void ask('revoke', { origin }).then(again)}
              >
                Disconnect
              </button>
            </p>
            <p class="small muted">
              Since <When ms={sinceMs} />
            </p>
            <Hash value={address} what="address" />
          </li>
        ))}
      </ul>
    </section>
  )
}
