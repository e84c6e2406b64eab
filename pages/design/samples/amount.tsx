import { Amount, AmountWithUnits, BaseUnits } from '../../shared/ui/amount.tsx'

export function AmountSample() {
  return (
    <>
      <div class="demo-column">
        <Amount units={1_234_567_800_000_000n} />
        <Amount units={150_000_000n} />
        <Amount units={1n} />
        <Amount units={0n} />
        <Amount units={250_000_000n} signed />
        <Amount units={-4_200n} signed />
      </div>
      <AmountWithUnits units={150_000_001n} />
      <BaseUnits units={150_000_001n} />
    </>
  )
}
