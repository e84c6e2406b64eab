/** What would be signed, read back from its bytes: what it does, what leaves, what is left, every field. */
import { Amount } from '../../shared/ui/amount.tsx'
import { Disclosure } from '../../shared/ui/bits.tsx'
import { Pairs } from '../../shared/ui/pairs.tsx'
import type { TransactionPreview } from '../../shared/vault/messages.ts'
import { Risks } from './risks.tsx'

type Props = { preview: Omit<TransactionPreview, 'token'> }

export function Preview({ preview }: Props) {
  const { title, risks, fee, leaves, locked, balanceAfter, lines } = preview
  return (
    <div class="stack">
      <p class="summary">{title}</p>
      <Risks risks={risks} />
      <Pairs
        pairs={[
          ['Fee', <Amount units={BigInt(fee)} />],
          ['Leaves the account', <Amount units={-BigInt(leaves)} signed />],
          locked === '0' ? undefined : ['Of it locked', <Amount units={BigInt(locked)} />],
          balanceAfter === undefined
            ? undefined
            : ['Balance after', <Amount units={BigInt(balanceAfter)} />],
        ]}
      />
      <Disclosure summary="Every field">
        <Pairs
          pairs={lines.map(({ label, value }) => [label, <span class="plain mono">{value}</span>])}
        />
      </Disclosure>
    </div>
  )
}

/** Whether the account is known to hold too little. */
export const isShort = ({ risks }: Pick<TransactionPreview, 'risks'>): boolean =>
  risks.some(({ code }) => code === 'BALANCE_TOO_LOW')
