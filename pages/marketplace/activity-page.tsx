/** My activity: spend, jobs with the state of their money, bookings, bids and what was agreed. */
import { fieldWords } from '../explorer/kinds.ts'
import { Title } from '../explorer/parts.tsx'
import { usageAnswer } from '../shared/account-wire.ts'
import { explorerPath } from '../shared/addresses.ts'
import { chainEdge, slowEdge } from '../shared/live/chain.ts'
import { useResource } from '../shared/live/resource.ts'
import { integer, list, object } from '../shared/live/shape.ts'
import { SignedIn } from '../shared/signed-in.tsx'
import { Amount } from '../shared/ui/amount.tsx'
import { Hash } from '../shared/ui/hash.tsx'
import { receiptLink } from '../shared/ui/links.tsx'
import { Empty, Loaded } from '../shared/ui/states.tsx'
import { Status } from '../shared/ui/status.tsx'
import { type Column, Table, TableSkeleton } from '../shared/ui/table.tsx'
import { Agreements } from './agreements.tsx'
import { BidList } from './bids-page.tsx'
import { BookingState, HeldOf, PaidOf } from './booking-words.tsx'
import { Countdown } from './countdown.tsx'
import { marketPath } from './routes.ts'
import { type OwnJob, ownJob, paymentOf } from './run-result.tsx'
import { type Booking, bookingPage } from './wire.ts'
import { counted, Unknown } from './words.tsx'

export function ActivityPage() {
  return (
    <>
      <Title>My activity</Title>
      <SignedIn to="see what you bought">{() => <Mine />}</SignedIn>
    </>
  )
}

function Mine() {
  return (
    <>
      <Spend />
      <h2 class="section-title">Jobs</h2>
      <Jobs />
      <h2 class="section-title">Bookings</h2>
      <Bookings />
      <h2 class="section-title">Bids</h2>
      <BidList filter={{ mine: 'true' }} brief />
      <h2 class="section-title">Agreements</h2>
      <Agreements />
    </>
  )
}

/** What was spent in thirty days, by the day on which jobs ended. */
function Spend() {
  const found = useResource('/api/v1/account/usage?group_by=model', usageAnswer, slowEdge.value)
  return (
    <Loaded resource={found} what="what you spent">
      {({ total, from, to }) => (
        <dl class="spend">
          <div>
            <dt>Spent on jobs</dt>
            <dd class="spend-figure">
              <Amount units={total.spent} />
            </dd>
            <dd class="small muted">
              {from} to {to}, by the day on which a job ended
            </dd>
          </div>
          <div>
            <dt>Jobs</dt>
            <dd class="spend-figure figure">{total.jobs.toLocaleString('en')}</dd>
            <dd class="small muted">
              {total.completed.toLocaleString('en')} done, {total.failed.toLocaleString('en')}{' '}
              failed or stopped
            </dd>
          </div>
          <div>
            <dt>Tokens of answers</dt>
            <dd class="spend-figure figure">{total.completion_tokens.toLocaleString('en')}</dd>
            <dd class="small muted">{total.prompt_tokens.toLocaleString('en')} of prompts</dd>
          </div>
        </dl>
      )}
    </Loaded>
  )
}

const jobsAnswer = object({ items: list(ownJob), total: integer(0) })

const jobColumns: readonly Column<OwnJob>[] = [
  {
    label: 'Job',
    cell: ({ job_id: id }) => <Hash value={id} what="job id" href={explorerPath.job(id)} />,
  },
  { label: 'Model', cell: ({ model }) => <span class="name">{model || 'none named'}</span> },
  { label: 'State', cell: ({ state }) => fieldWords(state.toLowerCase()) },
  {
    label: 'Money',
    cell: (job) => {
      const [tone, word] = paymentOf(job)
      return <Status tone={tone} word={word} />
    },
  },
  {
    label: 'Charged',
    cell: (job) =>
      job.amount === undefined ? <Unknown>nothing</Unknown> : <Amount units={job.amount} />,
    numeric: true,
  },
  {
    label: 'Receipt',
    cell: ({ receipt_hash: hash }) =>
      hash === undefined ? <Unknown>none</Unknown> : receiptLink(hash),
  },
]

function Jobs() {
  const found = useResource(
    '/api/v1/jobs?limit=20',
    jobsAnswer,
    `${chainEdge.value} ${slowEdge.value}`,
  )
  return (
    <Loaded
      resource={found}
      what="your jobs"
      loading={<TableSkeleton caption="Jobs" columns={jobColumns} rows={3} />}
    >
      {({ items, total }) =>
        items.length === 0 ? (
          <Empty title="No jobs">
            <span>What you ask in the playground stands here, with what it cost.</span>
            <a class="button button-small" href={marketPath.playground()}>
              To the playground
            </a>
          </Empty>
        ) : (
          <>
            <Table
              caption="Your newest jobs"
              columns={jobColumns}
              rows={items}
              keyOf={({ job_id: id }) => id}
            />
            <p class="small muted below">
              The newest {items.length} of {counted(total, 'job')}, of this browser’s sessions.
            </p>
          </>
        )
      }
    </Loaded>
  )
}

const bookingColumns: readonly Column<Booking>[] = [
  {
    label: 'Booking',
    cell: ({ booking_id: id, miner_id: miner }) => (
      <a class="name" href={marketPath.booking(id)}>
        {miner}
      </a>
    ),
  },
  {
    label: 'For',
    cell: ({ hours, places }) => `${counted(hours, 'hour')}, ${counted(places, 'place')}`,
  },
  {
    label: 'State',
    cell: ({ state }) => <BookingState state={state} />,
  },
  {
    label: 'Time left',
    cell: ({ state, end }) =>
      state === 'active' ? <Countdown untilMs={end} over="over" /> : <Unknown>none</Unknown>,
    numeric: true,
  },
  { label: 'Held', cell: (each) => <HeldOf booking={each} />, numeric: true },
  {
    label: 'Paid',
    cell: (each) => <PaidOf booking={each} />,
    numeric: true,
  },
]

function Bookings() {
  const found = useResource(
    '/api/v1/market/bookings?limit=20',
    bookingPage,
    `${chainEdge.value} ${slowEdge.value}`,
  )
  return (
    <Loaded
      resource={found}
      what="your bookings"
      loading={<TableSkeleton caption="Bookings" columns={bookingColumns} rows={2} />}
    >
      {({ items }) =>
        items.length === 0 ? (
          <Empty title="No bookings">
            <span>Places of a miner, held for you by the hour.</span>
            <a class="button button-small" href={marketPath.offers('online=true sort=price_hour')}>
              Offers by the hour
            </a>
          </Empty>
        ) : (
          <Table
            caption="Your bookings"
            columns={bookingColumns}
            rows={items}
            keyOf={({ booking_id: id }) => id}
          />
        )
      }
    </Loaded>
  )
}
