/** The chosen account at a glance: what it holds and who says so, what to do next, what happened last. */
import { useMemo } from 'preact/hooks'
import { transactionsOf } from '../explorer/transaction-list.tsx'
import { transactionRow } from '../explorer/wire.ts'
import { FactVerdict } from '../shared/light/fact-verdict.tsx'
import { listAnswer } from '../shared/list/definition.ts'
import { chainEdge } from '../shared/live/chain.ts'
import { useResource } from '../shared/live/resource.ts'
import { Amount } from '../shared/ui/amount.tsx'
import { amountWords } from '../shared/ui/amount-text.ts'
import { Empty, Loaded, Skeleton } from '../shared/ui/states.tsx'
import { Table, TableSkeleton } from '../shared/ui/table.tsx'
import { useAccount } from './account.ts'
import { chosen } from './chosen.ts'
import { FaucetButton } from './faucet.tsx'
import { Waiting } from './waiting.tsx'
import type { AccountAnswer } from './wire.ts'

export function Overview() {
  const account = chosen.value
  if (!account) return null
  return (
    <>
      <h1 tabIndex={-1} class="visually-hidden">
        Wallet
      </h1>
      <Balance key={account.address} address={account.address} name={account.name} />
      <Waiting address={account.address} />
      <div class="section-head">
        <h2>Last transactions</h2>
        <a class="small" href="/wallet/history">
          All, with filters
        </a>
      </div>
      <Last key={account.address} address={account.address} />
    </>
  )
}

function Balance({ address, name }: { address: string; name: string }) {
  const standing = useAccount(address)
  return (
    <section class="balance" aria-label={`Balance of ${name}`}>
      <Loaded
        resource={standing}
        what="the balance"
        loading={
          <p class="balance-figure figure">
            <Skeleton size={8} />
          </p>
        }
      >
        {(value) => (
          <>
            <p class="balance-label">Balance of {name}</p>
            <p class="balance-figure figure">
              <Amount units={value.final_balance} />
            </p>
            <Unsettled account={value} />
            <FactVerdict
              of="Balance"
              subject={{ kind: 'account', address }}
              shown={{ balance: value.final_balance.toString() }}
            />
          </>
        )}
      </Loaded>
      <div class="balance-actions">
        <a class="button button-primary" href="/wallet/send">
          Send
        </a>
        <a class="button" href="/wallet/receive">
          Receive
        </a>
        <FaucetButton address={address} />
      </div>
    </section>
  )
}

/** What the newest block changed and finality has not reached yet. */
function Unsettled({ account: { balance, final_balance: final } }: { account: AccountAnswer }) {
  const change = balance - final
  return (
    <p class="small muted balance-change" role="status">
      {change === 0n
        ? 'Nothing is under way.'
        : change > 0n
          ? `${amountWords(change)} more is in a block that is not yet final.`
          : `${amountWords(-change)} less in a block that is not yet final.`}
    </p>
  )
}

function Last({ address }: { address: string }) {
  const list = useMemo(() => transactionsOf(address), [address])
  const path = `${list.source}?address=${encodeURIComponent(address)}&limit=${lastRows}`
  const last = useResource(path, lastAnswer, chainEdge.value)
  const columns = list.columns.filter(({ hidden }) => hidden !== true)
  return (
    <Loaded
      resource={last}
      what="the last transactions"
      loading={<TableSkeleton caption="Last transactions" columns={columns} rows={1} />}
    >
      {({ items }) =>
        items.length === 0 ? (
          <Empty title="No transactions yet">
            <span>What this account sends and receives appears here, newest first.</span>
          </Empty>
        ) : (
          <Table
            caption="Last transactions"
            columns={columns}
            rows={items}
            keyOf={({ hash }) => hash}
          />
        )
      }
    </Loaded>
  )
}

const lastRows = 5
const lastAnswer = listAnswer(transactionRow)
