/** A new bid: what, of whom, at most for how much, until when. */
import { useState } from 'preact/hooks'
import { Title } from '../explorer/parts.tsx'
import { navigate, query } from '../shared/list/url-state.ts'
import { slowEdge } from '../shared/live/chain.ts'
import { useResource } from '../shared/live/resource.ts'
import { sendJson } from '../shared/live/send.ts'
import { SignedIn } from '../shared/signed-in.tsx'
import { Amount } from '../shared/ui/amount.tsx'
import { readAmount } from '../shared/ui/amount-text.ts'
import { AmountField, type TypedAmount } from '../shared/ui/form/amount-field.tsx'
import { RadioField } from '../shared/ui/form/choices.tsx'
import type { Problem } from '../shared/ui/form/context.ts'
import { NumberField, SelectField, TextAreaField, TextField } from '../shared/ui/form/fields.tsx'
import { Form } from '../shared/ui/form/form.tsx'
import type { Trouble } from '../shared/ui/trouble.tsx'
import { queryFault } from './query-check.ts'
import { marketPath } from './routes.ts'
import { bid, offerPage } from './wire.ts'
import { counted } from './words.tsx'

type Kind = 'tokens' | 'hours'

const notesMax = 1_024

/** Seconds that an auction may stay open. */
const spans = [
  { value: '60', label: 'a minute' },
  { value: '600', label: '10 minutes' },
  { value: '3600', label: 'an hour' },
  { value: '86400', label: 'a day' },
  { value: '604800', label: 'a week' },
] as const

export function NewBid() {
  return (
    <>
      <Title>Place a bid</Title>
      <p class="lead">
        Miners answer with their prices until the time is over; the cheapest that fit take part. A
        bid moves no money: you pay when you use or book what was agreed.
      </p>
      <SignedIn to="place a bid">{() => <BidForm />}</SignedIn>
    </>
  )
}

/** What is typed, as it was typed. */
type Draft = {
  readonly kind: Kind
  readonly of: string
  readonly tokens: string
  readonly hours: string
  readonly places: string
  readonly price: TypedAmount
  readonly span: string
  readonly notes: string
}

type DraftProps = { draft: Draft; onChange: (change: Partial<Draft>) => void }

function BidForm() {
  const [draft, setDraft] = useState<Draft>({
    kind: 'tokens',
    of: query('q'),
    tokens: '100000',
    hours: '1',
    places: '1',
    price: { text: '', unit: 'AITBC' },
    span: '600',
    notes: '',
  })
  const units = unitsOf(draft)
  const most = units.ok ? mostOf(draft.kind, units.value, sizeOf(draft)) : undefined
  return (
    <Form
      label="Place a bid"
      send="Place the bid"
      check={() => problemsOf(draft)}
      cost={
        most === undefined ? (
          'What it can come to stands here'
        ) : (
          <>
            All of it would come to <Amount units={most} /> at most
          </>
        )
      }
      onSend={() => place(draft)}
    >
      <BidFields
        draft={draft}
        onChange={(change) => setDraft((before) => ({ ...before, ...change }))}
      />
    </Form>
  )
}

const unitsOf = ({ price }: Draft) => readAmount(price.text, price.unit)

const sizeOf = ({ tokens, hours, places }: Draft) => ({
  tokens: wholeOf(tokens, 1e12),
  hours: wholeOf(hours, 720),
  places: wholeOf(places, 64),
})

function problemsOf(draft: Draft): readonly Problem[] {
  const problems: Problem[] = []
  const size = sizeOf(draft)
  const units = unitsOf(draft)
  const fault = queryFault(draft.of)
  if (fault) problems.push({ field: 'query', message: fault.message })
  if (draft.kind === 'tokens' && !size.tokens) {
    problems.push({ field: 'tokens', message: 'Enter how many tokens you want.' })
  }
  if (draft.kind === 'hours' && !size.hours) {
    problems.push({ field: 'hours', message: 'Enter whole hours, 1 to 720.' })
  }
  if (draft.kind === 'hours' && !size.places) {
    problems.push({ field: 'places', message: 'Enter whole places, 1 to 64.' })
  }
  if (!units.ok) problems.push({ field: 'price', message: units.error.message })
  if (draft.notes.length > notesMax) {
    problems.push({ field: 'notes', message: 'The notes are too long.' })
  }
  return problems
}

async function place(draft: Draft): Promise<Trouble | undefined> {
  const units = unitsOf(draft)
  if (!units.ok) return undefined
  const { tokens, hours, places } = sizeOf(draft)
  const notes = draft.notes.trim()
  const sent = await sendJson(
    '/api/v1/market/bids',
    {
      kind: draft.kind,
      ...(draft.kind === 'tokens' ? { tokens } : { hours, places }),
      query: draft.of.trim(),
      price_max: units.value.toString(),
      closes_in_s: Number(draft.span),
      ...(notes === '' ? {} : { notes }),
    },
    bid,
  )
  if (sent.ok) {
    navigate(marketPath.bid(sent.value.bid_id))
    return undefined
  }
  return {
    happened: sent.error.message,
    money: 'A bid moves no money.',
    remedy:
      sent.error.code === 'REFUSED'
        ? 'Change what is wrong and place it again.'
        : 'Look under your bids whether it arrived before you place it again.',
  }
}

function BidFields({ draft, onChange }: DraftProps) {
  return (
    <>
      <RadioField
        name="kind"
        label="What do you want?"
        required
        choices={[
          {
            value: 'tokens',
            label: 'Tokens',
            hint: 'Jobs at an agreed price, up to so many tokens.',
          },
          { value: 'hours', label: 'Hours', hint: 'Places of a miner for you alone.' },
        ]}
        value={draft.kind}
        onValue={(value) => onChange({ kind: value as Kind })}
      />
      <TextField
        name="query"
        label="Of whom?"
        mono
        hint={<Fitting query={draft.of} />}
        value={draft.of}
        maxLength={512}
        onValue={(of) => onChange({ of })}
      />
      <SizeFields draft={draft} onChange={onChange} />
      <AmountField
        name="price"
        label={
          draft.kind === 'tokens' ? 'At most, for 1,000 answer tokens' : 'At most, a place and hour'
        }
        required
        value={draft.price}
        onValue={(price) => onChange({ price })}
      />
      <SelectField
        name="span"
        label="Open for"
        required
        value={draft.span}
        options={spans}
        onValue={(span) => onChange({ span })}
      />
      <TextAreaField
        name="notes"
        label="Notes for miners"
        hint="Public, on this site and on the chain."
        rows={2}
        value={draft.notes}
        lengthMax={notesMax}
        onValue={(notes) => onChange({ notes })}
      />
    </>
  )
}

function SizeFields({ draft, onChange }: DraftProps) {
  if (draft.kind === 'tokens') {
    return (
      <NumberField
        name="tokens"
        label="How much?"
        required
        unit="answer tokens"
        value={draft.tokens}
        onValue={(tokens) => onChange({ tokens })}
      />
    )
  }
  return (
    <>
      <NumberField
        name="hours"
        label="How long?"
        required
        unit="hours"
        value={draft.hours}
        onValue={(hours) => onChange({ hours })}
      />
      <NumberField
        name="places"
        label="How many at once?"
        required
        unit="places"
        value={draft.places}
        onValue={(places) => onChange({ places })}
      />
    </>
  )
}

/** How many offers there are to answer now. */
function Fitting({ query: text }: { query: string }) {
  const isRead = queryFault(text) === undefined
  const found = useResource(
    `/api/v1/market/offers?${new URLSearchParams({ q: isRead ? text : '', limit: '100' })}`,
    offerPage,
    slowEdge.value,
  )
  if (!isRead) return <>The query language of the list of offers; empty for anybody.</>
  const many =
    found.phase !== 'ready'
      ? ''
      : ` Now ${counted(found.value.items.length, 'offer')}${found.value.next_cursor === undefined ? '' : ' and more'} would fit.`
  return <>The query language of the list of offers; empty for anybody.{many}</>
}

function wholeOf(text: string, max: number): number | undefined {
  const digits = text.replaceAll(/[,\s]/g, '')
  const value = /^\d{1,13}$/.test(digits) ? Number(digits) : 0
  return value >= 1 && value <= max ? value : undefined
}

function mostOf(
  kind: Kind,
  units: bigint,
  { tokens, hours, places }: Record<'tokens' | 'hours' | 'places', number | undefined>,
): bigint | undefined {
  if (kind === 'tokens') return tokens ? (units * BigInt(tokens) + 999n) / 1_000n : undefined
  return hours && places ? units * BigInt(hours) * BigInt(places) : undefined
}
