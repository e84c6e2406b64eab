/** One account: its balance, receiving, sending. */
import { useState } from 'preact/hooks'
import { Amount } from '../../shared/ui/amount.tsx'
import { Note } from '../../shared/ui/bits.tsx'
import { SelectField } from '../../shared/ui/form/fields.tsx'
import { Hash } from '../../shared/ui/hash.tsx'
import { Skeleton } from '../../shared/ui/states.tsx'
import { ask, type NetworkView } from '../panel-calls.ts'
import type { OpenState } from './open.tsx'
import { ProvenBalance } from './proven.tsx'
import { QrCode } from './qr.tsx'
import { Send } from './send.tsx'
import { useAnswer } from './use-panel.ts'

type Props = { state: OpenState; again: () => void }

export function AccountView({ state, again }: Props) {
  const [doing, setDoing] = useState<'nothing' | 'receive' | 'send'>('nothing')
  const { accounts } = state.vault
  const account = accounts.find(({ address }) => address === state.selected) ?? accounts[0]
  if (!account) return <Note title="No account">Add one under Settings.</Note>
  if (doing === 'send') {
    return <Send account={account.address} onClose={() => setDoing('nothing')} />
  }
  return (
    <section class="stack">
      {accounts.length > 1 ? (
        <SelectField
          name="account"
          label="Account"
          required
          value={account.address}
          onValue={(address) => void ask('select', { address }).then(again)}
          options={accounts.map(({ address, name }) => ({ value: address, label: name }))}
        />
      ) : (
        <h2 class="visually-hidden">{account.name}</h2>
      )}
      <Balance address={account.address} network={state.network} />
      <div class="row">
        <button type="button" class="button button-primary" onClick={() => setDoing('send')}>
          Send
        </button>
        <button
          type="button"
          class="button"
          aria-expanded={doing === 'receive'}
          onClick={() => setDoing(doing === 'receive' ? 'nothing' : 'receive')}
        >
          Receive
        </button>
      </div>
      {doing === 'receive' ? (
        <QrCode text={account.address} label={`QR code of ${account.address}`} />
      ) : null}
      <div>
        <p class="small muted">Address</p>
        <Hash value={account.address} what="address" whole />
      </div>
    </section>
  )
}

function Balance({ address, network }: { address: string; network: NetworkView }) {
  const { asked, again } = useAnswer('balance', { address }, { isQuiet: true })
  return (
    <div class="balance" aria-busy={asked.phase === 'loading'}>
      <span class="small muted">Balance</span>
      {asked.phase === 'loading' ? (
        <span class="balance-figure">
          <Skeleton size={16} />
        </span>
      ) : asked.phase === 'failed' ? (
        <Note title="The balance is not known" tone="caution">
          {asked.message}
        </Note>
      ) : (
        <span class="balance-figure">
          <Amount units={BigInt(asked.value.balance)} />
        </span>
      )}
      {asked.phase === 'ready' ? (
        <ProvenBalance network={network} address={address} balance={asked.value.balance} />
      ) : null}
      <button type="button" class="text-button" onClick={again}>
        Ask again
      </button>
    </div>
  )
}
