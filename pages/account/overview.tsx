/** What the account is, and how its console stands: what this browser asks models as. */
import { Title } from '../explorer/parts.tsx'
import { accountAnswer } from '../shared/account-wire.ts'
import { chainEdge, slowEdge } from '../shared/live/chain.ts'
import { useResource } from '../shared/live/resource.ts'
import { Amount } from '../shared/ui/amount.tsx'
import { wholeAddress } from '../shared/ui/links.tsx'
import { Pairs } from '../shared/ui/pairs.tsx'
import { Empty, Failed, Skeleton } from '../shared/ui/states.tsx'
import { useAccount } from '../wallet/account.ts'
import { KeyState } from './key-words.tsx'

export function Overview({ address }: { address: string }) {
  const found = useResource(
    '/api/v1/account',
    accountAnswer,
    `${chainEdge.value} ${slowEdge.value}`,
  )
  return (
    <>
      <Title>Account</Title>
      {found.phase === 'loading' ? (
        <p aria-busy="true">
          <Skeleton size={16} />
        </p>
      ) : found.phase === 'failed' ? (
        <Failed what="your account" failure={found.failure} retry={found.retry} />
      ) : (
        <>
          <Pairs
            pairs={[
              ['Signed in as', wholeAddress(address, 'your address')],
              ['Balance', <Balance address={address} />],
              [
                'API keys',
                <a href="/account/keys">
                  {found.value.keys} of {found.value.keys_max}
                </a>,
              ],
              ['What you bought', <a href="/marketplace/activity">jobs, bookings and bids</a>],
              ['What you sell', <a href="/provider/">machines and earnings</a>],
              found.value.role === 'admin'
                ? ['Role', <a href="/admin/">administers this site</a>]
                : undefined,
            ]}
          />
          <h2 class="section-title">Asking from this browser</h2>
          <p class="lead">
            While you are signed in, the playground asks models for you without any key. It spends
            only what you locked for that.
          </p>
          {found.value.console === undefined ? (
            <Empty title="Nothing is locked yet">
              <span>You choose how much before you first ask.</span>
              <a class="button button-small" href="/marketplace/playground">
                To the playground
              </a>
            </Empty>
          ) : (
            <Pairs
              pairs={[
                ['State', <KeyState value={found.value.console} />],
                ['Spent', <Amount units={found.value.console.spent} />],
                found.value.console.funding?.available === undefined
                  ? undefined
                  : ['Left', <Amount units={found.value.console.funding.available} />],
                ['Next', <a href="/marketplace/playground">ask in the playground</a>],
              ]}
            />
          )}
        </>
      )}
    </>
  )
}

/** What the account holds on the chain, and where it is moved. */
function Balance({ address }: { address: string }) {
  const standing = useAccount(address)
  if (standing.phase === 'loading') return <Skeleton size={8} />
  const link = <a href="/wallet/">in your wallet</a>
  return standing.phase === 'failed' ? (
    link
  ) : (
    <>
      <Amount units={standing.value.final_balance} /> {link}
    </>
  )
}
