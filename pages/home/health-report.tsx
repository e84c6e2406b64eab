/** What works on this site, as the site itself has just found it. */
import { slowEdge } from '../shared/live/chain.ts'
import { useResource } from '../shared/live/resource.ts'
import { health, modelList } from '../shared/live/schemas.ts'
import { ownWord } from '../shared/own.ts'
import { Loaded, Skeleton } from '../shared/ui/states.tsx'
import { Status } from '../shared/ui/status.tsx'
import { When } from '../shared/ui/time.tsx'

const names: Record<string, string> = {
  chain: 'Chain',
  coordinator: 'Coordinator',
  database: 'Read model',
  wallets: 'Wallets',
}

const notices: Record<string, string> = {
  EMBEDDED_ONLY:
    'Only the built-in demo model is connected. It knows a small set of facts; connect a miner with Ollama for real answers.',
}

export function HealthReport() {
  const report = useResource('/api/v1/health', health, slowEdge.value)
  const about = useResource('/api/v1/models', modelList, slowEdge.value)
  const notice = about.phase === 'ready' ? about.value.notice : undefined
  return (
    <>
      <Loaded resource={report} what="the health of this site" loading={<Waiting />}>
        {({ checks }) => (
          <dl class="checks">
            {Object.entries(checks).map(([name, { ok, detail }]) => (
              <div key={name}>
                <dt>{ownWord(names, name) ?? name}</dt>
                <dd>
                  <Status tone={ok ? 'good' : 'bad'} word={ok ? 'Working' : 'Not working'} />
                  <span class="muted">{detail}</span>
                </dd>
              </div>
            ))}
          </dl>
        )}
      </Loaded>
      {report.phase === 'ready' ? (
        <p class="checks-age small muted">
          Tried <When ms={report.atMs} ageOnly />
        </p>
      ) : null}
      {notice ? (
        <p class="notice">
          <Status tone="caution" word="Demo model only" />
          <span>{ownWord(notices, notice) ?? notice}</span>
        </p>
      ) : null}
    </>
  )
}

function Waiting() {
  return (
    <dl class="checks">
      {Object.values(names).map((name) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>
            <Skeleton size={16} />
          </dd>
        </div>
      ))}
    </dl>
  )
}
