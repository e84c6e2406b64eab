/** What a machine asks, model by model, where that stands among the offers, and how to change it. */
import { formatCoins } from '../../core/base/amount.ts'
import type { Offer } from '../marketplace/wire.ts'
import { bestModel, Money } from '../marketplace/words.tsx'
import { Disclosure } from '../shared/ui/bits.tsx'
import { CopyListing } from '../shared/ui/copy.tsx'
import { Table } from '../shared/ui/table.tsx'

/** Rank by price of a model among the offers here, as `GET /miners/{id}/why` tells it. */
export type Rank = {
  readonly name: string
  readonly queued: number
  readonly price_rank: number
  readonly offers: number
}

export function Prices({ offer, ranks }: { offer: Offer; ranks: readonly Rank[] }) {
  const rankOf = (name: string) => ranks.find((rank) => rank.name === name)
  const command = commandOf(offer)
  return (
    <section aria-label={`Prices of ${offer.miner_id}`}>
      <Table
        caption="Its models among the offers"
        rows={offer.models}
        keyOf={({ name }) => name}
        columns={[
          { label: 'Model', cell: ({ name }) => <span class="break">{name || 'any'}</span> },
          {
            label: '1,000 prompt tokens',
            cell: ({ price_prompt: units }) => <Money units={units} />,
            numeric: true,
          },
          {
            label: '1,000 answer tokens',
            cell: ({ price_completion: units }) => <Money units={units} />,
            numeric: true,
          },
          {
            label: 'Price rank',
            cell: ({ name }) => {
              const rank = rankOf(name)
              return rank ? `${rank.price_rank} of ${rank.offers}` : 'not known'
            },
            numeric: true,
          },
          {
            label: 'Waiting jobs',
            cell: ({ name }) => rankOf(name)?.queued ?? 'not known',
            numeric: true,
          },
        ]}
      />
      <Disclosure summary="Change the prices">
        {offer.kind === 'legacy' ? (
          <p class="small">
            A program of the original states its prices when it registers: see{' '}
            <a href="/docs/miners.html">For miners</a>.
          </p>
        ) : (
          <>
            <p class="small">
              The miner signs its prices with its own key, so nobody changes them for it, this page
              included. Stop it, which lets running jobs end, and start it again with others; keep
              the options that you gave it before.
            </p>
            <CopyListing text={command} what="the command" />
          </>
        )}
      </Disclosure>
    </section>
  )
}

/** A line that can be run as it stands, with the prices of now. A miner's name holds nothing that ends it. */
function commandOf(offer: Offer): string {
  const model = bestModel(offer)
  const lines = [
    `node miner.mjs --id ${offer.miner_id} --api ${location.origin}`,
    `  --price-in ${formatCoins(model?.price_prompt ?? 0n)} --price-out ${formatCoins(model?.price_completion ?? 0n)}`,
    ...(offer.price_per_hour === undefined
      ? []
      : [`  --price-hour ${formatCoins(offer.price_per_hour)}`]),
  ]
  return lines.join(' \\\n')
}
