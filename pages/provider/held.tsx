/** Results of a machine that were delivered and are not paid: why, until when, and what was decided. */
import { amount, moment } from '../explorer/wire.ts'
import { explorerPath } from '../shared/addresses.ts'
import { slowEdge } from '../shared/live/chain.ts'
import { useResource } from '../shared/live/resource.ts'
import { list, maybe, object, oneOf, type ShapeOf, text } from '../shared/live/shape.ts'
import { Amount } from '../shared/ui/amount.tsx'
import { Hash } from '../shared/ui/hash.tsx'
import { Loaded } from '../shared/ui/states.tsx'
import { Status } from '../shared/ui/status.tsx'
import { Moment } from '../wallet/moment.tsx'

/** `GET /miners/{id}/held`. */
export const heldAnswer = object({
  items: list(
    object({
      job_id: text,
      reasons: list(object({ code: text, message: text })),
      amount,
      held_at: moment,
      decided_until: moment,
      decision: maybe(oneOf('released', 'refused', 'lapsed')),
      why: maybe(text),
    }),
  ),
})
type HeldItem = ShapeOf<typeof heldAnswer>['items'][number]

const shownMax = 20

/** Where the held results of a machine are read. */
export const heldPath = (minerId: string, limit: number): string =>
  `/api/v1/miners/${encodeURIComponent(minerId)}/held?limit=${limit}`

export function HeldResults({ minerId }: { minerId: string }) {
  const found = useResource(heldPath(minerId, shownMax), heldAnswer, slowEdge.value)
  return (
    <section aria-label={`Held results of ${minerId}`}>
      <h4>Held results</h4>
      <Loaded resource={found} what="the held results">
        {({ items }) =>
          items.length === 0 ? (
            <p class="small">None: every result that the site took is paid, or on its way.</p>
          ) : (
            <ul class="held-list">
              {items.map((item) => (
                <HeldResult key={item.job_id} item={item} />
              ))}
            </ul>
          )
        }
      </Loaded>
    </section>
  )
}

function HeldResult({ item }: { item: HeldItem }) {
  const { job_id: id, reasons, decision, decided_until: until, why } = item
  return (
    <li>
      <span class="held-head">
        <Amount units={item.amount} />
        <Decision decision={decision} />
        <Hash value={id} what="job id" href={explorerPath.job(id)} />
      </span>
      {reasons.map(({ code, message }) => (
        <span key={code} class="break">
          {message} <code class="muted">{code}</code>
        </span>
      ))}
      {decision === undefined ? (
        <span class="small muted">
          Somebody at the site decides before <Moment ms={until} />; else it is not paid.
        </span>
      ) : null}
      {why === undefined ? null : <span class="small break">The site said: {why}</span>}
    </li>
  )
}

function Decision({ decision }: { decision: HeldItem['decision'] }) {
  if (decision === undefined) return <Status tone="caution" word="Waits" />
  if (decision === 'released') return <Status tone="good" word="Released" />
  if (decision === 'refused') return <Status tone="bad" word="Refused" />
  return <Status tone="neutral" word="Nobody decided" />
}
