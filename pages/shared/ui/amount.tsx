/**
 * An amount of base units, shown in AITBC with all eight decimals so that columns align on the point;
 * zeros without meaning step back.
 */
import { formatCoins } from '../../../core/base/amount.ts'

const decimals = 8

export function Amount({ units }: { units: bigint }) {
  const [whole = '0', fraction = ''] = formatCoins(units).split('.')
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ',')
  return (
    <span class="amount" title={`${units} base units`}>
      {grouped}
      {fraction === '' ? null : `.${fraction}`}
      <span class="amount-rest" aria-hidden="true">
        {fraction === '' ? '.' : ''}
        {''.padEnd(decimals - fraction.length, '0')}
      </span>
      <span class="amount-unit">AITBC</span>
    </span>
  )
}
