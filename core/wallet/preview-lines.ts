/** Every field of every kind of message as lines for a person. */
import { formatCoins } from '../base/amount.ts'
import { toHex } from '../base/bytes.ts'
import { unreachable } from '../base/result.ts'
import { type Parameters, slotMs } from '../chain/genesis.ts'
import type { AuthorityChange } from '../chain/messages/authority-change.ts'
import type { DelegateTerms } from '../chain/messages/escrow.ts'
import type { SettlementItem } from '../chain/messages/settle.ts'
import type { Message } from '../chain/transaction.ts'
import { formatAddress } from '../crypto/address.ts'
import { visibleText } from './visible-text.ts'

/** One line of a preview. `label` is ours; `value` is whole, with hidden characters written out. */
export type PreviewLine = { readonly label: string; readonly value: string }

/** What is known when a transaction is shown. What is not known is undefined and raises no flag. */
export type PreviewContext = {
  readonly parameters: Parameters
  /** Slot by the clock. */
  readonly slot: bigint
  /** The sender's balance in base units, and the nonce that the chain expects next. */
  readonly balance: bigint | undefined
  readonly nextNonce: bigint | undefined
  /** Own accounts and the address book: names by address text. */
  readonly names: ReadonlyMap<string, string>
  /** Public key of the coordinator of the site in use. */
  readonly coordinator: Uint8Array | undefined
  /** What the escrow that the message names holds, in base units. */
  readonly escrowBalance: bigint | undefined
}

/** All fields of a message. */
export function messageLines(message: Message, context: PreviewContext): PreviewLine[] {
  const { slot } = context
  switch (message.TAG) {
    case 'transfer':
    case 'faucet': {
      const { to, amount } = message.data
      return [line('Amount', coins(amount)), line('To', whoIs(to, context))]
    }
    case 'escrow_open': {
      const { coordinator, amount, expiry, delegate } = message.data
      return [
        line('Locked', coins(amount)),
        line('Coordinator', toHex(coordinator)),
        line('Open until', slotText(expiry, slot)),
        ...(delegate ? delegateLines(delegate, slot) : []),
      ]
    }
    case 'escrow_top_up': {
      const { escrow, amount, expiry } = message.data
      const until = expiry === 0n ? 'as before (0)' : slotText(expiry, slot)
      return [
        line('Locked', coins(amount)),
        line('Escrow', toHex(escrow)),
        line('Open until', until),
      ]
    }
    case 'escrow_close':
      return [line('Escrow', toHex(message.data.escrow))]
    case 'delegate_grant':
      return [
        line('Escrow', toHex(message.data.escrow)),
        ...delegateLines(message.data.terms, slot),
      ]
    case 'delegate_revoke':
      return [line('Escrow', toHex(message.data.escrow)), line('Key', toHex(message.data.delegate))]
    case 'settle':
      return message.data.items.flatMap((item, at) => itemLines(item, at + 1, context))
    case 'authority_change':
      return changeLines(message.data)
    default:
      return unreachable(message)
  }
}

/** `slot 1234, in about 5 minutes`, whatever the two numbers are. */
export function slotText(slot: bigint, now: bigint): string {
  const seconds = ((slot - now) * BigInt(slotMs)) / 1_000n
  if (seconds < 0n) return `slot ${slot}, passed`
  const [unit, size] = timeUnits.find(([, atLeast]) => seconds >= atLeast * 2n) ?? ['seconds', 1n]
  return `slot ${slot}, in about ${seconds / size} ${unit}`
}

const timeUnits: readonly (readonly [string, bigint])[] = [
  ['years', 31_536_000n],
  ['days', 86_400n],
  ['hours', 3_600n],
  ['minutes', 60n],
]

const delegateLines = (
  { delegate, budget, expiry }: DelegateTerms,
  slot: bigint,
): PreviewLine[] => [
  line('Key that may spend', toHex(delegate)),
  line('At most', coins(budget)),
  line('Until', slotText(expiry, slot)),
]

function itemLines(
  { authorisation, authorisationSignature, release, releaseSignature }: SettlementItem,
  number: number,
  context: PreviewContext,
): PreviewLine[] {
  const of = (label: string, value: string) => line(`Job ${number}: ${label}`, value)
  return [
    of('paid', coins(release.amount)),
    of('to', whoIs(release.miner, context)),
    of('escrow', toHex(authorisation.escrow)),
    of('number', String(authorisation.number)),
    of('limit', coins(authorisation.limit)),
    of('settle by', slotText(authorisation.settleBy, context.slot)),
    of('job', toHex(authorisation.jobHash)),
    of('authorised by', toHex(authorisation.signer)),
    of('its signature', toHex(authorisationSignature)),
    of('authorisation', toHex(release.authorisation)),
    of('receipt', toHex(release.receiptHash)),
    of('coordinator’s signature', toHex(releaseSignature)),
  ]
}

const changeLines = ({ terms, signatures }: AuthorityChange): PreviewLine[] => [
  line('After height', String(terms.height)),
  line('Set in force', toHex(terms.old)),
  ...terms.set.map(({ publicKey, name }, at) =>
    line(`Authority ${at}`, `${visibleText(name)} ${toHex(publicKey)}`),
  ),
  ...signatures.map(({ authority, signature }) =>
    line(`Signature of authority ${authority}`, `${authority} ${toHex(signature)}`),
  ),
]

/** `Bob (aitbc1…)`, or the address alone. */
export function whoIs(address: Uint8Array, { names }: Pick<PreviewContext, 'names'>): string {
  const text = formatAddress(address)
  const name = names.get(text)
  return name === undefined ? text : `${visibleText(name)} (${text})`
}

/** `1.5 AITBC`. */
export const coins = (units: bigint): string => `${formatCoins(units)} AITBC`

const line = (label: string, value: string): PreviewLine => ({ label, value })
