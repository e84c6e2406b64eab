/**
 * Money behind a key: the wallet locks it on the chain for this key's delegate, and the site links it. Used by
 * whatever needs a funded key; a stranger to where it stands.
 */
import { useEffect, useRef, useState } from 'preact/hooks'
import { type AccountKey, accountKey } from './account-wire.ts'
import { forgetAnswer, handOver, signAnswer } from './hand-over.ts'
import { here } from './list/url-state.ts'
import { slotNow } from './live/chain.ts'
import { sendJson } from './live/send.ts'
import { Amount } from './ui/amount.tsx'
import { readAmount } from './ui/amount-text.ts'
import { AmountField, type TypedAmount } from './ui/form/amount-field.tsx'
import { SelectField } from './ui/form/fields.tsx'
import { Form } from './ui/form/form.tsx'
import { type Trouble, TroubleNote } from './ui/trouble.tsx'

/** Slots of 2 s in a day. */
const slotsPerDay = 43_200

type FundingProps = {
  fundedKey: AccountKey
  /** Address of the account that pays. */
  account: string
  /** Called with the key once the site has linked what was signed. */
  onLinked: (key: AccountKey) => void
}

const wishId = (key: AccountKey): string => `fund ${key.key_id}`

/** Whether the wallet has answered for this key and the answer is not carried out yet. */
export const fundingWaits = (key: AccountKey): boolean => signAnswer(wishId(key)) !== undefined

/** Asks for an amount, has it signed and sent by the wallet, and links it on the way back. */
export function Funding({ fundedKey, account, onLinked }: FundingProps) {
  const [amount, setAmount] = useState<TypedAmount>({ text: '1', unit: 'AITBC' })
  const [days, setDays] = useState('30')
  const [trouble, setTrouble] = useState<Trouble>()
  const [linking, setLinking] = useState(false)
  const begun = useRef(false)
  const { funding } = fundedKey
  const slot = slotNow.value
  const link = async () => {
    const answer = signAnswer(wishId(fundedKey))
    if (answer?.outcome !== 'signed') return
    setLinking(true)
    setTrouble(undefined)
    const path = `/api/v1/account/keys/${encodeURIComponent(fundedKey.key_id)}/escrow`
    const sent = await sendJson(path, { tx_hash: answer.hash }, accountKey, { method: 'PUT' })
    setLinking(false)
    if (sent.ok) {
      forgetAnswer()
      return onLinked(sent.value)
    }
    setTrouble({
      happened: `The money is locked, but not linked to this key yet: ${sent.error.message}`,
      money: 'It stays yours in an escrow of your wallet.',
      remedy: 'Try again; it is locked once only.',
    })
  }
  useEffect(() => {
    if (begun.current) return
    begun.current = true
    void link()
  }, [])
  if (!funding) return null
  if (linking) return <p aria-busy="true">Linking what your wallet has locked…</p>
  if (trouble) {
    return (
      <>
        <TroubleNote trouble={trouble} />
        <div class="form-foot">
          <button type="button" class="button button-primary" onClick={() => void link()}>
            Try again
          </button>
        </div>
      </>
    )
  }
  const units = readAmount(amount.text, amount.unit)
  return (
    <>
      {signAnswer(wishId(fundedKey))?.outcome === 'declined' ? (
        <p class="small" role="status">
          You declined in the wallet. Nothing was paid.
        </p>
      ) : null}
      <Form
        label="Lock money for jobs"
        send="Go to my wallet"
        cost={
          units.ok ? (
            <>
              Locks <Amount units={units.value} />, and the fee of the chain
            </>
          ) : undefined
        }
        disabled={slot === undefined ? 'The chain has not answered yet.' : undefined}
        check={() => {
          if (!units.ok) return [{ field: 'amount', message: units.error.message }]
          return units.value === 0n ? [{ field: 'amount', message: 'Enter more than zero.' }] : []
        }}
        onSend={async () => {
          if (!units.ok || slot === undefined) return undefined
          const locked = units.value.toString()
          const expiry = String(slot + Number(days) * slotsPerDay)
          const { delegate, coordinator } = funding
          const isHandedOver = handOver({
            id: wishId(fundedKey),
            account,
            deliver: 'send',
            of: `the key ${fundedKey.name || 'of this browser'}`,
            back: here.value.pathname + here.value.search,
            message: {
              kind: 'escrow_open',
              coordinator,
              amount: locked,
              expiry,
              delegate: { key: delegate, budget: locked, expiry },
            },
          })
          return isHandedOver ? undefined : noStorage
        }}
      >
        <AmountField
          name="amount"
          label="Amount to lock"
          required
          hint="Locked on the chain, not spent: jobs are paid out of it, and closing it brings back what is left."
          value={amount}
          onValue={setAmount}
        />
        <SelectField
          name="days"
          label="For"
          required
          value={days}
          options={[
            { value: '7', label: '7 days' },
            { value: '30', label: '30 days' },
            { value: '90', label: '90 days' },
          ]}
          onValue={setDays}
        />
      </Form>
    </>
  )
}

/** A browser that keeps nothing cannot hand anything over. */
export const noStorage: Trouble = {
  happened: 'This browser does not let the page keep anything, so it cannot reach your wallet.',
  money: 'Nothing was signed or paid.',
  remedy: 'Allow this site to store data, or use another window.',
}
