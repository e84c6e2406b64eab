/** Books places of a miner by the hour: hours, the total beside the button, the wallet's signature. */
import { useEffect, useState } from 'preact/hooks'
import { Title } from '../explorer/parts.tsx'
import { here, navigate, query } from '../shared/list/url-state.ts'
import { slowEdge } from '../shared/live/chain.ts'
import { useResource } from '../shared/live/resource.ts'
import { type SendFailure, sendJson } from '../shared/live/send.ts'
import { SignedIn } from '../shared/signed-in.tsx'
import { Amount } from '../shared/ui/amount.tsx'
import { amountWords } from '../shared/ui/amount-text.ts'
import { NumberField } from '../shared/ui/form/fields.tsx'
import { Form } from '../shared/ui/form/form.tsx'
import { wholeAddress } from '../shared/ui/links.tsx'
import { Pairs } from '../shared/ui/pairs.tsx'
import { Failed, Skeleton } from '../shared/ui/states.tsx'
import { TroubleNote } from '../shared/ui/trouble.tsx'
import { useAccount } from '../wallet/account.ts'
import { Moment } from '../wallet/moment.tsx'
import { marketPath } from './routes.ts'
import { type Signing, useSigning } from './signing.ts'
import {
  type Booking,
  type BookingTerms,
  booking,
  bookingTerms,
  type OfferDetail,
  offerDetail,
} from './wire.ts'
import { counted, Money } from './words.tsx'

const hoursMax = 720
const placesMax = 64

export function BookPage({ id }: { id: string }) {
  const found = useResource(
    `/api/v1/market/offers/${encodeURIComponent(id)}`,
    offerDetail,
    slowEdge.value,
  )
  if (found.phase === 'loading') {
    return (
      <>
        <Title>Book hours</Title>
        <p aria-busy="true">
          <Skeleton size={16} />
        </p>
      </>
    )
  }
  if (found.phase === 'failed') {
    return (
      <>
        <Title>Book hours</Title>
        <Failed what="this offer" failure={found.failure} retry={found.retry} />
      </>
    )
  }
  const offer = found.value
  return (
    <>
      <Title>
        Book hours of <span class="break">{offer.miner_id}</span>
      </Title>
      <p class="lead">
        A booking holds places of this miner for you alone. Its price is held on the chain and goes
        to the provider slot by slot; end it early, and the rest comes back.
      </p>
      <SignedIn to="book">{(account) => <Book offer={offer} account={account} />}</SignedIn>
    </>
  )
}

type Wanted = {
  readonly offer_id: string
  readonly hours: number
  readonly places: number
  readonly agreement_id?: string
}

function Book({ offer, account }: { offer: OfferDetail; account: string }) {
  const [hours, setHours] = useState(query('hours') || '1')
  const [places, setPlaces] = useState(query('places') || '1')
  const agreement = query('agreement')
  const wanted = wantedOf(offer.offer_id, { hours, places, agreement })
  const terms = useTerms(wanted)
  const standing = useAccount(account)
  const balance = standing.phase === 'ready' ? standing.value.balance : undefined
  const { signing, begin, retry } = useSigning<Booking>({
    id: `book ${offer.offer_id} ${query('hours')} ${query('places')} ${agreement}`,
    carryOut: (transaction) =>
      sendJson('/api/v1/market/bookings', { ...wanted, transaction }, booking),
    onDone: ({ booking_id: made }) => navigate(marketPath.booking(made), { replace: true }),
  })
  // What is typed is in the address, so that coming back from the wallet finds it again.
  const keep = (next: { hours?: string; places?: string }) => {
    const url = new URL(here.value)
    url.searchParams.set('hours', next.hours ?? hours)
    url.searchParams.set('places', next.places ?? places)
    navigate(url.pathname + url.search, { replace: true })
  }
  useEffect(() => {
    if (query('hours') === '') keep({})
  }, [])
  if (signing.at === 'sending') {
    return (
      <p aria-busy="true" role="status">
        Sending the booking that you signed…
      </p>
    )
  }
  const known = terms.state === 'ready' ? terms.terms : undefined
  return (
    <>
      <Outcome signing={signing} retry={retry} />
      <Form
        label="Book hours"
        send="Go to my wallet"
        cost={
          known ? (
            <>
              In all <Amount units={known.total} />, and the fee of the chain
            </>
          ) : (
            'The total stands here'
          )
        }
        disabled={
          offer.price_per_hour === undefined ? 'This offer has no price by the hour.' : undefined
        }
        check={() => problemsOf({ hours, places }, terms, balance)}
        onSend={async () => {
          if (!known) return undefined
          return begin({
            account,
            of: 'the booking',
            back: here.value.pathname + here.value.search,
            message: {
              kind: 'booking_open',
              provider: known.provider,
              coordinator: known.coordinator,
              offer: known.offer_hash,
              // From the block on that takes it.
              start: '0',
              slots: String(known.slots),
              price: known.price_per_slot.toString(),
            },
          })
        }}
      >
        <NumberField
          name="hours"
          label="How long"
          required
          unit="hours"
          hint={`1 to ${hoursMax}. An hour of one place costs what the offer says.`}
          value={hours}
          onValue={(value) => {
            setHours(value)
            keep({ hours: value })
          }}
        />
        <NumberField
          name="places"
          label="Places"
          required
          unit="places"
          hint={`Jobs that run at once. The miner has ${offer.concurrency === 0 ? 'no bound' : counted(offer.concurrency, 'place')}.`}
          value={places}
          onValue={(value) => {
            setPlaces(value)
            keep({ places: value })
          }}
        />
        <TermsView terms={terms} offer={offer} balance={balance} />
      </Form>
    </>
  )
}

/** What became of the last way to the wallet. */
function Outcome({ signing, retry }: { signing: Signing; retry: () => void }) {
  if (signing.at === 'declined') {
    return (
      <p class="outcome" role="status">
        You declined in the wallet. Nothing was booked and nothing was paid.
      </p>
    )
  }
  if (signing.at !== 'failed') return null
  return (
    <div class="outcome">
      <TroubleNote trouble={signing.trouble} />
      {signing.again ? (
        <div class="actions">
          <button type="button" class="button button-primary" onClick={retry}>
            Send it again
          </button>
        </div>
      ) : null}
    </div>
  )
}

type TermsProps = { terms: TermsState; offer: OfferDetail; balance: bigint | undefined }

function TermsView({ terms, offer, balance }: TermsProps) {
  if (terms.state === 'none') {
    return (
      <p class="small muted">
        An hour of one place: <Money units={offer.price_per_hour} />
      </p>
    )
  }
  if (terms.state === 'loading') {
    return (
      <p aria-busy="true" class="terms-waiting">
        <Skeleton size={16} />
      </p>
    )
  }
  if (terms.state === 'refused') {
    return (
      <div class="note note-caution" role="status">
        <strong>It cannot be booked like this</strong>
        <span>{terms.failure.message}</span>
      </div>
    )
  }
  const { price_per_hour: hour, total, start, end, provider } = terms.terms
  return (
    <>
      <Pairs
        pairs={[
          [
            'About',
            <>
              <Moment ms={start} /> to <Moment ms={end} />
            </>,
          ],
          ['An hour of one place', <Amount units={hour} />],
          ['Held on the chain', <Amount units={total} />],
          balance === undefined ? undefined : ['You have', <Amount units={balance} />],
          ['Goes to', wholeAddress(provider, 'provider address')],
        ]}
      />
      {isShort(balance, total) ? (
        <div class="note note-caution" role="status">
          <strong>Your account does not cover this</strong>
          <span>
            <Amount units={total - (balance ?? 0n)} /> is missing, and the fee of the chain. Book
            less, or <a href="/wallet/">add funds in your wallet</a>.
          </span>
        </div>
      ) : null}
    </>
  )
}

const isShort = (balance: bigint | undefined, total: bigint): boolean =>
  balance !== undefined && balance < total

type TermsState =
  | { readonly state: 'none' }
  | { readonly state: 'loading' }
  | { readonly state: 'refused'; readonly failure: SendFailure }
  | { readonly state: 'ready'; readonly terms: BookingTerms }

/** A pause in typing after which the site is asked. */
const typingMs = 300

/** The terms for what is wanted, asked anew a while after every change and as time goes by. */
function useTerms(wanted: Wanted | undefined): TermsState {
  const [held, setHeld] = useState<TermsState>({ state: 'none' })
  const key = wanted ? JSON.stringify(wanted) : ''
  const edge = slowEdge.value
  useEffect(() => setHeld({ state: key === '' ? 'none' : 'loading' }), [key])
  useEffect(() => {
    if (key === '') return
    let isCurrent = true
    const timer = setTimeout(() => {
      void sendJson('/api/v1/market/bookings/terms', JSON.parse(key), bookingTerms).then((sent) => {
        if (!isCurrent) return
        setHeld(
          sent.ok
            ? { state: 'ready', terms: sent.value }
            : { state: 'refused', failure: sent.error },
        )
      })
    }, typingMs)
    return () => {
      isCurrent = false
      clearTimeout(timer)
    }
  }, [key, edge])
  return held
}

function wantedOf(
  offer: string,
  typed: { readonly hours: string; readonly places: string; readonly agreement: string },
): Wanted | undefined {
  const hours = wholeOf(typed.hours, hoursMax)
  const places = wholeOf(typed.places, placesMax)
  if (hours === undefined || places === undefined) return undefined
  const agreed = /^[0-9a-f]{32}$/.test(typed.agreement) ? { agreement_id: typed.agreement } : {}
  return { offer_id: offer, hours, places, ...agreed }
}

function wholeOf(text: string, max: number): number | undefined {
  const value = /^\d{1,4}$/.test(text.trim()) ? Number(text) : 0
  return value >= 1 && value <= max ? value : undefined
}

function problemsOf(
  { hours, places }: { readonly hours: string; readonly places: string },
  terms: TermsState,
  balance: bigint | undefined,
) {
  const problems = []
  if (wholeOf(hours, hoursMax) === undefined) {
    problems.push({ field: 'hours', message: `Enter whole hours, 1 to ${hoursMax}.` })
  }
  if (wholeOf(places, placesMax) === undefined) {
    problems.push({ field: 'places', message: `Enter whole places, 1 to ${placesMax}.` })
  }
  if (problems.length === 0 && terms.state === 'refused') {
    problems.push({ field: 'hours', message: terms.failure.message })
  }
  if (problems.length === 0 && terms.state !== 'ready') {
    problems.push({ field: 'hours', message: 'Wait until the site has named the total.' })
  }
  if (problems.length === 0 && terms.state === 'ready' && isShort(balance, terms.terms.total)) {
    const message = `It costs ${amountWords(terms.terms.total)}; you have ${amountWords(balance ?? 0n)}.`
    problems.push({ field: 'hours', message })
  }
  return problems
}
