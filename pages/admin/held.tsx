/** Results that were delivered and whose payment waits for somebody to look: release or refuse. */
import { Title } from '../explorer/parts.tsx'
import { query } from '../shared/list/url-state.ts'
import { slowEdge } from '../shared/live/chain.ts'
import { useResource } from '../shared/live/resource.ts'
import { sendJson } from '../shared/live/send.ts'
import { list, object } from '../shared/live/shape.ts'
import { Amount } from '../shared/ui/amount.tsx'
import { Pairs } from '../shared/ui/pairs.tsx'
import { Empty, Loaded, Skeleton } from '../shared/ui/states.tsx'
import { Status } from '../shared/ui/status.tsx'
import { When } from '../shared/ui/time.tsx'
import { Moment } from '../wallet/moment.tsx'
import { Act } from './act.tsx'
import { acts } from './outcome.tsx'
import { adminPath } from './routes.ts'
import { type Held, heldAnswer } from './wire.ts'
import { Actor, counted, jobLink, minerLink } from './words.tsx'

const heldPage = object({ items: list(heldAnswer) })
/** As many as the site gives at once. */
const heldMax = 200

export function HeldResults() {
  const isAll = query('all') === 'true'
  const found = useResource(
    `/api/v1/admin/held?limit=${heldMax}${isAll ? '' : '&open=true'}`,
    heldPage,
    `${slowEdge.value} ${acts.value}`,
  )
  return (
    <>
      <Title>Held results</Title>
      <p class="lead">
        The client has its answer; what it says of itself is not plausible. Nobody is paid until
        somebody decides, and when nobody does in time the answer is free.
      </p>
      <nav class="switch held-switch" aria-label="Which results">
        <a
          class="button button-small"
          href={adminPath('held')}
          aria-current={isAll ? undefined : 'page'}
        >
          Those that wait
        </a>
        <a
          class="button button-small"
          href={adminPath('held', { all: 'true' })}
          aria-current={isAll ? 'page' : undefined}
        >
          Decided too
        </a>
      </nav>
      <Loaded resource={found} what="the held results" loading={<Skeleton size={16} />}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty title={isAll ? 'No result was ever held' : 'Nothing waits for you'}>
              <span>
                A result whose speed, length or end cannot be right stands here before it is paid.
              </span>
            </Empty>
          ) : (
            <>
              <ul class="held-list">
                {items.map((held) => (
                  <li key={held.job_id}>
                    <HeldCard held={held} />
                  </li>
                ))}
              </ul>
              {items.length < heldMax ? null : (
                <p class="small muted below">The newest {counted(heldMax, 'result')}.</p>
              )}
            </>
          )
        }
      </Loaded>
    </>
  )
}

function HeldCard({ held }: { held: Held }) {
  const { job_id: id, decision, decided_by: by, why } = held
  return (
    <section class="held" aria-label={`Result of ${held.miner_id}`}>
      <div class="held-head">
        <h2>
          <Amount units={held.amount} />
        </h2>
        <Decision decision={decision} />
      </div>
      <ul class="held-reasons">
        {held.reasons.map(({ code, message }) => (
          <li key={code} class="break">
            {message} <code class="muted">{code}</code>
          </li>
        ))}
      </ul>
      <Pairs
        pairs={[
          ['Job', jobLink(id)],
          ['Miner', minerLink(held.miner_id)],
          ['Held', <When ms={held.held_at} ageOnly />],
          decision === undefined
            ? ['Decide before', <Moment ms={held.decided_until} />]
            : ['Decided', <When ms={held.decided_at} ageOnly />],
          by === undefined ? undefined : ['By', <Actor name={by} />],
          why === undefined ? undefined : ['Why', <span class="break">{why}</span>],
        ]}
      />
      {decision === undefined ? (
        <div class="acts">
          <Act
            label="Release"
            title="Let this result be paid?"
            confirm="Release the payment"
            send={(reason) => decide(id, 'release', reason)}
            told={() => 'Released: the payment is due and goes to the chain'}
          >
            {held.miner_id} is paid <Amount units={held.amount} /> less the site’s share. Once it is
            on the chain, nobody can take it back.
          </Act>
          <Act
            label="Refuse"
            title="Let this result never be paid?"
            confirm="Refuse the payment"
            isDangerous
            send={(reason) => decide(id, 'refuse', reason)}
            told={() => 'Refused: the client keeps the answer and the money'}
          >
            The client keeps the answer, and <Amount units={held.amount} /> can be spent again.{' '}
            {held.miner_id} sees your reason. It cannot be undone.
          </Act>
        </div>
      ) : null}
    </section>
  )
}

const decide = (id: string, how: 'release' | 'refuse', reason: string) =>
  sendJson(`/api/v1/admin/held/${encodeURIComponent(id)}/${how}`, { reason }, heldAnswer)

function Decision({ decision }: { decision: Held['decision'] }) {
  if (decision === undefined) return <Status tone="caution" word="Waits" />
  if (decision === 'released') return <Status tone="good" word="Released" />
  if (decision === 'refused') return <Status tone="bad" word="Refused" />
  return <Status tone="neutral" word="Lapsed, free for the client" />
}
