import { Amount } from '../../shared/ui/amount.tsx'
import { heightLink } from '../../shared/ui/links.tsx'
import { Pairs } from '../../shared/ui/pairs.tsx'
import { Finality } from '../../shared/ui/status.tsx'

export function PairsSample() {
  return (
    <Pairs
      pairs={[
        ['State', <Finality final />],
        ['Block', heightLink(0)],
        ['Paid', <Amount units={12_500_000n} />],
        undefined,
      ]}
    />
  )
}
