/** Bids that are open, and a quote for one with an offer of one's own. */
import { useState } from 'preact/hooks'
import { capacityWords, PriceOf, wantedWords } from '../marketplace/bid-words.tsx'
import { Countdown } from '../marketplace/countdown.tsx'
import { marketPath } from '../marketplace/routes.ts'
import { type Bid, bidPage, type Offer } from '../marketplace/wire.ts'
import { slowEdge } from '../shared/live/chain.ts'
import { useResource } from '../shared/live/resource.ts'
import { sendJson } from '../shared/live/send.ts'
import { object, text } from '../shared/live/shape.ts'
import { readAmount } from '../shared/ui/amount-text.ts'
import { AmountField, type TypedAmount } from '../shared/ui/form/amount-field.tsx'
import { NumberField, SelectField } from '../shared/ui/form/fields.tsx'
import { Form } from '../shared/ui/form/form.tsx'
import { Empty, Loaded } from '../shared/ui/states.tsx'
import { Table } from '../shared/ui/table.tsx'
import { toast } from '../shared/ui/toast.tsx'

export function OpenBids({ offers }: { offers: readonly Offer[] }) {
  const [chosen, setChosen] = useState<string>()
  const found = useResource('/api/v1/market/bids?status=open&limit=25', bidPage, slowEdge.value)
  return (
    <Loaded resource={found} what="the bids">
      {({ items }) => {
        const bid = items.find(({ bid_id: id }) => id === chosen)
        return items.length === 0 ? (
          <Empty title="No open bids">
            <span>What clients ask for stands here while it is open.</span>
          </Empty>
        ) : (
          <>
            <Table
              caption="Open bids"
              rows={items}
              keyOf={({ bid_id: id }) => id}
              columns={[
                {
                  label: 'Wanted',
                  cell: (each) => <a href={marketPath.bid(each.bid_id)}>{wantedWords(each)}</a>,
                },
                { label: 'Of', cell: ({ query }) => <span class="mono name">{query}</span> },
                {
                  label: 'At most',
                  cell: (each) => <PriceOf kind={each.kind} units={each.price_max} />,
                  numeric: true,
                },
                {
                  label: 'Time left',
                  cell: ({ closes_at: at }) => <Countdown untilMs={at} over="closing" />,
                  numeric: true,
                },
                {
                  label: 'Quote',
                  cell: (each) =>
                    offers.length === 0 || each.own ? (
                      <span class="muted">{each.own ? 'yours' : 'no machine online'}</span>
                    ) : (
                      <button
                        type="button"
                        class="text-button"
                        aria-expanded={each.bid_id === chosen}
                        onClick={() => setChosen(each.bid_id === chosen ? undefined : each.bid_id)}
                      >
                        Quote
                      </button>
                    ),
                },
              ]}
            />
            {bid ? (
              <QuoteForm
                key={bid.bid_id}
                bid={bid}
                offers={offers}
                onDone={() => setChosen(undefined)}
              />
            ) : null}
          </>
        )
      }}
    </Loaded>
  )
}

const quoted = object({ quote_id: text })

type QuoteProps = { bid: Bid; offers: readonly Offer[]; onDone: () => void }

function QuoteForm({ bid, offers, onDone }: QuoteProps) {
  const [offer, setOffer] = useState(offers[0]?.offer_id ?? '')
  const [price, setPrice] = useState<TypedAmount>({ text: '', unit: 'AITBC' })
  const wanted = bid.kind === 'tokens' ? (bid.tokens ?? 0) : (bid.places ?? 0)
  const [capacity, setCapacity] = useState(String(wanted))
  const units = readAmount(price.text, price.unit)
  const many = /^\d{1,13}$/.test(capacity.trim()) ? Number(capacity) : 0
  return (
    <div class="below">
      <Form
        label={`Quote for ${wantedWords(bid)}`}
        send="Send the quote"
        cost="A quote moves no money; it binds until the bid closes"
        check={() => [
          ...(units.ok ? [] : [{ field: 'price', message: units.error.message }]),
          ...(units.ok && units.value > bid.price_max
            ? [{ field: 'price', message: 'This is more than the bid allows.' }]
            : []),
          ...(many < 1 || many > wanted
            ? [{ field: 'capacity', message: `Enter 1 to ${wanted.toLocaleString('en')}.` }]
            : []),
        ]}
        onSend={async () => {
          if (!units.ok) return undefined
          const body = { offer_id: offer, price: units.value.toString(), capacity: many }
          const path = `/api/v1/market/bids/${encodeURIComponent(bid.bid_id)}/quotes`
          const sent = await sendJson(path, body, quoted)
          if (!sent.ok) {
            return {
              happened: sent.error.message,
              money: 'A quote moves no money.',
              remedy: 'Change it, or send it again: a later quote replaces the earlier one.',
            }
          }
          toast(`Quoted for ${capacityWords(bid.kind, many)}`)
          onDone()
          return undefined
        }}
      >
        <SelectField
          name="offer"
          label="With"
          required
          value={offer}
          options={offers.map(({ offer_id: id, miner_id: name }) => ({ value: id, label: name }))}
          onValue={setOffer}
        />
        <AmountField
          name="price"
          label={bid.kind === 'tokens' ? 'For 1,000 answer tokens' : 'For a place and hour'}
          required
          value={price}
          onValue={setPrice}
        />
        <NumberField
          name="capacity"
          label="How much"
          required
          unit={bid.kind === 'tokens' ? 'tokens' : 'places'}
          value={capacity}
          onValue={setCapacity}
        />
      </Form>
    </div>
  )
}
