/** Chooses the network: the site to ask, and the genesis that is pinned. */
import { useState } from 'preact/hooks'
import { TextField } from '../../shared/ui/form/fields.tsx'
import { Form } from '../../shared/ui/form/form.tsx'
import { Hash } from '../../shared/ui/hash.tsx'
import { Pairs } from '../../shared/ui/pairs.tsx'
import { ask, type NetworkView } from '../panel-calls.ts'
import { wordsOf } from './use-panel.ts'

type Props = { known: NetworkView | undefined; onTrusted: () => void }

export function NetworkForm({ known, onTrusted }: Props) {
  const [site, setSite] = useState(known?.site ?? '')
  const [met, setMet] = useState<NetworkView>()
  const trouble = (error: unknown) => ({
    happened: wordsOf(error),
    money: 'Nothing was changed.',
    remedy: 'Check the address, and whether the site runs.',
  })
  if (met) {
    return (
      <Form
        label="Trust this network"
        check={() => []}
        send="Trust this network"
        onSend={async () => {
          try {
            await ask('trust', met)
            onTrusted()
            return undefined
          } catch (error) {
            return trouble(error)
          }
        }}
      >
        <p class="small">
          Compare the genesis hash with one from another source, such as the explorer of a site that
          you trust. Everything you sign names it, and a site of another chain is refused later.
        </p>
        <NetworkPairs network={met} />
        <button type="button" class="text-button" onClick={() => setMet(undefined)}>
          Choose another site
        </button>
      </Form>
    )
  }
  return (
    <Form
      label="Choose the network"
      check={() =>
        site.trim() === '' ? [{ field: 'site', message: 'Enter the address of a site.' }] : []
      }
      send="Look at its chain"
      onSend={async () => {
        try {
          setMet(await ask('meet', { address: site }))
          return undefined
        } catch (error) {
          return trouble(error)
        }
      }}
    >
      <TextField
        name="site"
        label="Site"
        hint="A site of the network, such as https://edge.example.org. The wallet asks it for balances and sends through it."
        required
        mono
        value={site}
        onValue={setSite}
      />
    </Form>
  )
}

export const NetworkPairs = ({ network }: { network: NetworkView }) => (
  <Pairs
    pairs={[
      ['Site', <span class="mono small">{network.site}</span>],
      ['Chain', network.chainId],
      ['Genesis', <Hash value={`0x${network.genesisHash}`} what="genesis hash" whole />],
    ]}
  />
)
