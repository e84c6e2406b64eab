import { useState } from 'preact/hooks'
import { Badge, Chip, Keys } from '../../shared/ui/bits.tsx'

export function BadgeSample() {
  const [filters, setFilters] = useState(['final only', 'to aitbc1q…'])
  return (
    <div class="demo-row">
      <Badge>24 GiB</Badge>
      <Badge>faucet</Badge>
      {filters.map((filter) => (
        <Chip
          key={filter}
          label={filter}
          onRemove={() => setFilters(filters.filter((other) => other !== filter))}
        />
      ))}
      <span>
        Press <Keys keys={['Ctrl', 'K']} />
      </span>
    </div>
  )
}
