/** The star of an offer: whether it is a favourite in this browser. */
import { StarIcon } from '../shared/ui/icon.tsx'
import { favourites, toggleFavourite } from './kept.ts'
import type { Offer } from './wire.ts'

type StarProps = { offer: Pick<Offer, 'offer_id' | 'miner_id'> }

/** As small as a row takes it. */
export function StarBox({ offer }: StarProps) {
  const isIn = isFavourite(offer)
  return (
    <button
      type="button"
      class="star"
      aria-pressed={isIn}
      aria-label={`Favourite ${offer.miner_id}`}
      onClick={() => toggle(offer)}
    >
      <StarIcon filled={isIn} />
    </button>
  )
}

/** With its word, among other actions. */
export function StarButton({ offer }: StarProps) {
  const isIn = isFavourite(offer)
  return (
    <button
      type="button"
      class="button star-button"
      aria-pressed={isIn}
      onClick={() => toggle(offer)}
    >
      <StarIcon filled={isIn} />
      Favourite
    </button>
  )
}

const isFavourite = ({ offer_id: sought }: StarProps['offer']): boolean =>
  favourites.value.some(({ id }) => id === sought)

const toggle = ({ offer_id: id, miner_id: name }: StarProps['offer']): void =>
  toggleFavourite({ id, name })
