/** One booking: how long it goes on, what is held, what goes to whom, and the way to end it early. */
import { useState } from 'preact/hooks'
import { PairsSkeleton } from '../explorer/detail.tsx'
import { Title } from '../explorer/parts.tsx'
import { here } from '../shared/list/url-state.ts'
import { chainEdge, slotNow, slowEdge } from '../shared/live/chain.ts'
import { useResource } from '../shared/live/resource.ts'
import { sendJson } from '../shared/live/send.ts'
import { SignedIn } from '../shared/signed-in.tsx'
import { Amount } from '../shared/ui/amount.tsx'
import { Progress } from '../shared/ui/bits.tsx'
import { Hash } from '../shared/ui/hash.tsx'
import { transactionLink } from '../shared/ui/links.tsx'
import { type Pair, Pairs } from '../shared/ui/pairs.tsx'
import { Failed } from '../shared/ui/states.tsx'
import { When } from '../shared/ui/time.tsx'
import { type Trouble, TroubleNote } from '../shared/ui/trouble.tsx'
import { Moment } from '../wallet/moment.tsx'
import { BookingState } from './booking-words.tsx'
import { Countdown } from './countdown.tsx'
import { marketPath } from './routes.ts'
import { useSigning } from './signing.ts'
import { type Booking, booking } from './wire.ts'
import { counted } from './words.tsx'

export function BookingPage({ id }: { id: string }) {
  return (
    <SignedIn to="see your bookings" heading="Booking">
      {(account) => <Loaded key={id} id={id} account={account} />}
    </SignedIn>
  )
}

function Loaded({ id, account }: { id: string; account: string }) {
  const [changed, setChanged] = useState(0)
  const path = `/api/v1/market/bookings/${encodeURIComponent(id)}`
  const found = useResource(path, booking, `${chainEdge.value} ${slowEdge.value} ${changed}`)
  if (found.phase === 'loading') {
    return (
      <>
        <Title>Booking</Title>
        <PairsSkeleton rows={8} />
      </>
    )
  }
  if (found.phase === 'failed') {
    return (
      <>
        <Title>Booking</Title>
        <Failed what="this booking" failure={found.failure} retry={found.retry} />
      </>
    )
  }
  return (
    <Whole
      booking={found.value}
      account={account}
      path={path}
      onChanged={() => setChanged(changed + 1)}
    />
  )
}

type WholeProps = { booking: Booking; account: string; path: string; onChanged: () => void }

function Whole({ booking: value, account, path, onChanged }: WholeProps) {
  return (
    <>
      <Title beside={<BookingState state={value.state} />}>Booking</Title>
      {value.state === 'active' || value.state === 'pending' ? <Clock booking={value} /> : null}
      {value.fault === undefined ? null : (
        <div class="note note-failed" role="alert">
          <strong>{value.fault}</strong>
          <span>What was held goes back to your account.</span>
        </div>
      )}
      <Pairs pairs={pairsOf(value)} />
      <EndEarly booking={value} account={account} path={path} onChanged={onChanged} />
    </>
  )
}

/** Where it stands by the slots of the chain. */
function Clock({ booking: value }: { booking: Booking }) {
  const slot = slotNow.value
  const slots = value.end_slot - value.start_slot
  const passed =
    slot === undefined ? undefined : Math.min(slots, Math.max(0, slot - value.start_slot))
  return (
    <div class="booking-clock">
      <p class="section-figure">
        {value.state === 'pending' ? 'Begins in ' : 'Goes on for '}
        <Countdown
          untilMs={value.state === 'pending' ? value.start : value.end}
          over={value.state === 'pending' ? 'a moment' : 'over'}
        />
      </p>
      {passed === undefined || slots === 0 ? null : (
        <Progress
          label="Slots that have passed, each paid to the provider"
          done={passed}
          of={slots}
        />
      )}
    </div>
  )
}

const pairsOf = (value: Booking): readonly (Pair | undefined)[] => [
  ['Miner', <a href={marketPath.offer(value.offer_id)}>{value.miner_id}</a>],
  ['Places', counted(value.places, 'place')],
  ['From', <Moment ms={value.start} />],
  ['To', <Moment ms={value.end} />],
  ['An hour of one place', <Amount units={value.price_per_hour} />],
  ['Held when it began', <Amount units={value.total} />],
  value.paid === undefined ? undefined : ['To the provider', <Amount units={value.paid} />],
  shareOf(value),
  value.returned === undefined ? undefined : ['Back to you', <Amount units={value.returned} />],
  [
    'On the chain',
    value.escrow ? (
      <Hash value={value.escrow.booking} what="booking id" />
    ) : (
      <span class="muted">nothing is held: the price is zero</span>
    ),
  ],
  value.escrow && ['Opened by', transactionLink(value.escrow.opened_by)],
  value.escrow?.closed_by === undefined
    ? undefined
    : ['Closed by', transactionLink(value.escrow.closed_by)],
  ['Asked', <When ms={value.created_at} />],
]

/** What is neither the provider's nor the buyer's is the share of the site's coordinator. */
function shareOf({ total, paid, returned }: Booking): Pair | undefined {
  if (paid === undefined || returned === undefined) return undefined
  return ['To the coordinator', <Amount units={total - paid - returned} />]
}

function EndEarly({ booking: value, account, path, onChanged }: WholeProps) {
  const [trouble, setTrouble] = useState<Trouble>()
  const cancel = (transaction?: string) =>
    sendJson(`${path}/cancel`, transaction === undefined ? {} : { transaction }, booking)
  const { signing, begin, retry } = useSigning<Booking>({
    id: `end ${value.booking_id}`,
    carryOut: cancel,
    onDone: onChanged,
  })
  if (value.state !== 'active' && value.state !== 'pending') return null
  const end = async () => {
    setTrouble(undefined)
    if (value.escrow) {
      const { pathname, search } = here.value
      return setTrouble(
        begin({
          account,
          of: 'ending the booking',
          back: pathname + search,
          message: { kind: 'booking_close', booking: value.escrow.booking },
        }),
      )
    }
    const sent = await cancel()
    if (sent.ok) return onChanged()
    setTrouble({
      happened: sent.error.message,
      money: 'The booking goes on as it was.',
      remedy: 'Try again.',
    })
  }
  const shown = trouble ?? (signing.at === 'failed' ? signing.trouble : undefined)
  return (
    <section class="below booking-end" aria-label="End it early">
      <h2 class="section-title">End it early</h2>
      <p class="small">
        The provider keeps what has passed, slot by slot, less the coordinator’s share, and the rest
        comes back to your account. It ends by itself at its time: nobody has to do anything for
        that.
      </p>
      {signing.at === 'declined' ? (
        <p class="small" role="status">
          You declined in the wallet. The booking goes on.
        </p>
      ) : null}
      {shown ? <TroubleNote trouble={shown} /> : null}
      <div class="form-foot">
        {signing.at === 'failed' && signing.again ? (
          <button type="button" class="button" onClick={retry}>
            Send it again
          </button>
        ) : null}
        <button
          type="button"
          class="button button-danger"
          aria-disabled={signing.at === 'sending'}
          onClick={() => signing.at === 'sending' || void end()}
        >
          {signing.at === 'sending' ? 'Sending' : 'End it now'}
        </button>
      </div>
    </section>
  )
}
