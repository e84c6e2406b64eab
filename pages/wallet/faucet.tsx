/** Free money of a devnet, only where the chain has a faucet. */
import { useState } from 'preact/hooks'
import { useResource } from '../shared/live/resource.ts'
import { sendJson } from '../shared/live/send.ts'
import { amountWords } from '../shared/ui/amount-text.ts'
import { type Trouble, TroubleNote } from '../shared/ui/trouble.tsx'
import { Progress } from './progress.tsx'
import { askTrouble } from './trouble.ts'
import { genesisAnswer, sentAnswer } from './wire.ts'

export function FaucetButton({ address }: { address: string }) {
  const genesis = useResource('/rpc/genesis', genesisAnswer)
  const [busy, setBusy] = useState(false)
  const [hash, setHash] = useState<string>()
  const [trouble, setTrouble] = useState<Trouble>()
  if (genesis.phase !== 'ready') return null
  const { faucets, parameters } = genesis.value
  if (faucets.length === 0 || parameters.faucet_max === 0n) return null
  const ask = async () => {
    if (busy) return
    setBusy(true)
    setTrouble(undefined)
    setHash(undefined)
    const amount = parameters.faucet_max.toString()
    const given = await sendJson('/rpc/admin/mintFaucet', { address, amount }, sentAnswer)
    setBusy(false)
    if (given.ok) setHash(given.value.tx_hash)
    else setTrouble(askTrouble(given.error))
  }
  return (
    <>
      <button type="button" class="button" aria-disabled={busy} onClick={() => void ask()}>
        {busy ? 'Asking the faucet' : `Get ${amountWords(parameters.faucet_max)} from the faucet`}
      </button>
      {trouble ? <TroubleNote trouble={trouble} /> : null}
      {hash === undefined ? null : (
        <section class="gift" aria-label="Gift of the faucet">
          <p class="small">
            A gift of {amountWords(parameters.faucet_max)} is on its way. It has no value outside
            this test network.
          </p>
          <Progress hash={hash} />
        </section>
      )}
    </>
  )
}
