/** The tray at the foot of the page: offers that were chosen for comparison. */
import { Chip } from '../shared/ui/bits.tsx'
import { clearCompared, compared, toggleCompared } from './kept.ts'
import { marketPath } from './routes.ts'

export function CompareTray({ hidden }: { hidden: boolean }) {
  const chosen = compared.value
  if (hidden || chosen.length === 0) return null
  return (
    <aside class="tray" aria-label="Offers to compare">
      <div class="tray-chips">
        {chosen.map((offer) => (
          <Chip key={offer.id} label={offer.name} onRemove={() => toggleCompared(offer)} />
        ))}
      </div>
      <div class="tray-actions">
        <button type="button" class="button button-small" onClick={clearCompared}>
          Clear
        </button>
        {chosen.length < 2 ? (
          <span class="small muted">Choose one more to compare</span>
        ) : (
          <a class="button button-primary button-small" href={marketPath.compare}>
            Compare {chosen.length} offers
          </a>
        )}
      </div>
    </aside>
  )
}
