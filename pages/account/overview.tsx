/** What the account is, and how its console stands: what this browser asks models as. */
import { Title } from '../explorer/parts.tsx'
import { accountAnswer } from '../shared/account-wire.ts'
import { chainEdge, slowEdge } from '../shared/live/chain.ts'
import { useResource } from '../shared/live/resource.ts'
import { Amount } from '../shared/ui/amount.tsx'
import { wholeAddress } from '../shared/ui/links.tsx'
import { Pairs } from '../shared/ui/pairs.tsx'
import { Empty, Failed, Skeleton } from '../shared/ui/states.tsx'
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
              [
                'Keys',
                <a href="/account/keys">
                  {found.value.keys} of {found.value.keys_max}
                </a>,
              ],
              [
                'Role',
                found.value.role === 'admin' ? (
                  <a href="/admin/">administers this site</a>
                ) : (
                  'client'
                ),
              ],
              ['Money and signing', <a href="/wallet/">in your wallet</a>],
              ['What you bought', <a href="/marketplace/activity">in the marketplace</a>],
              ['What you sell', <a href="/provider/">as a provider</a>],
            ]}
          />
          <h2 class="section-title">Console</h2>
          <p class="lead">
            While you are signed in, this browser asks models as your console. It has no secret, and
            spends only what you locked for it.
          </p>
          {found.value.console === undefined ? (
            <Empty title="Not opened yet">
              <span>It is made when you first ask a model.</span>
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
              ]}
            />
          )}
        </>
      )}
    </>
  )
}
