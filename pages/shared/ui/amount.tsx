/**
 * An amount of base units, shown in AITBC with all eight decimals so that columns align on the point;
 * zeros without meaning step back.
 */
import { useState } from 'preact/hooks'
import { groupDigits, partsOf } from './amount-text.ts'

type AmountProps = {
  units: bigint
  /** Says by a sign, and then by colour, whether it comes in or goes out. */
  signed?: boolean
}

export function Amount({ units, signed = false }: AmountProps) {
  const { negative, whole, fraction, rest } = partsOf(units)
  const sign = negative ? '−' : signed && units > 0n ? '+' : ''
  const flow = !signed || units === 0n ? '' : negative ? ' amount-out' : ' amount-in'
  return (
    <span class={`amount${flow}`} title={`${units} base units`}>
      {sign}
      {whole}
      {fraction === '' ? null : `.${fraction}`}
      <span class="amount-rest" aria-hidden="true">
        {fraction === '' ? '.' : ''}
        {rest}
      </span>
      <span class="amount-unit">AITBC</span>
    </span>
  )
}

/** The same with a switch to base units, for pages that are about one payment. */
export function AmountWithUnits({ units, signed = false }: AmountProps) {
  const [inUnits, setInUnits] = useState(false)
  return (
    <span class="amount-switch">
      {inUnits ? <BaseUnits units={units} /> : <Amount units={units} signed={signed} />}
      <button
        type="button"
        class="text-button"
        aria-pressed={inUnits}
        onClick={() => setInUnits(!inUnits)}
      >
        base units
      </button>
    </span>
  )
}

/** The exact count, as the chain stores it. */
export function BaseUnits({ units }: { units: bigint }) {
  const text = units.toString()
  return (
    <span class="amount">
      {text.startsWith('-') ? `−${groupDigits(text.slice(1))}` : groupDigits(text)}
      <span class="amount-unit">base units</span>
    </span>
  )
}
