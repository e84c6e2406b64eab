/** The methods that pages may call: the allow-list, and how the parameters of each are read. */
import { parseUnits } from '../../../core/base/amount.ts'
import { fromHex } from '../../../core/base/bytes.ts'
import { parseAddress } from '../../../core/crypto/address.ts'
import { signedMessageLimits } from '../../../core/crypto/signed-message.ts'
import type { DraftMessage } from '../../shared/vault/messages.ts'
import { errorCodes, fault, type WalletFault } from '../wire.ts'

/** What a page asks for, read and checked. */
export type Call =
  | { readonly kind: 'requestAccounts' }
  | { readonly kind: 'accounts' }
  | { readonly kind: 'chainId' }
  | { readonly kind: 'getPermissions' }
  | { readonly kind: 'revokePermissions' }
  | { readonly kind: 'getBalance'; readonly address: string | undefined }
  | { readonly kind: 'signMessage'; readonly text: string; readonly address: string | undefined }
  | {
      readonly kind: 'sendTransaction'
      readonly message: DraftMessage
      readonly from: string | undefined
      readonly fee: string | undefined
    }

type Reader = (first: Readonly<Record<string, unknown>>) => Call | WalletFault

/** One line a method. What is not here does not exist. */
const readers: ReadonlyMap<string, Reader> = new Map<string, Reader>([
  ['aitbc_requestAccounts', () => ({ kind: 'requestAccounts' })],
  ['aitbc_accounts', () => ({ kind: 'accounts' })],
  ['aitbc_chainId', () => ({ kind: 'chainId' })],
  ['aitbc_getBalance', readGetBalance],
  ['aitbc_signMessage', readSignMessage],
  ['aitbc_sendTransaction', readSendTransaction],
  ['wallet_getPermissions', () => ({ kind: 'getPermissions' })],
  ['wallet_revokePermissions', () => ({ kind: 'revokePermissions' })],
])

export const methodNames: readonly string[] = [...readers.keys()]

/** Reads a call, or says why it is none: code 4200 for other methods, -32602 for wrong parameters. */
export function readCall(method: string, params: unknown): Call | WalletFault {
  const read = readers.get(method)
  if (!read) return fault(errorCodes.unsupported, `This wallet has no method ${method}.`)
  const first = Array.isArray(params) ? params[0] : params
  if (typeof first === 'string') return read({ message: first, address: first })
  return read((first ?? {}) as Readonly<Record<string, unknown>>)
}

function readGetBalance({ address }: Readonly<Record<string, unknown>>): Call | WalletFault {
  const read = optionalAddress(address, 'address')
  return typeof read === 'object' ? read : { kind: 'getBalance', address: read }
}

function readSignMessage({
  message,
  account,
}: Readonly<Record<string, unknown>>): Call | WalletFault {
  if (typeof message !== 'string' || message === '') return invalid('message is a text to sign')
  // Characters never take fewer bytes than one; the exact bound is the vault's.
  if (message.length > signedMessageLimits.textBytesMax) return invalid('message is too long')
  const read = optionalAddress(account, 'account')
  return typeof read === 'object' ? read : { kind: 'signMessage', text: message, address: read }
}

function readSendTransaction(fields: Readonly<Record<string, unknown>>): Call | WalletFault {
  const from = optionalAddress(fields['from'], 'from')
  if (typeof from === 'object') return from
  const fee = fields['fee'] === undefined ? undefined : unitsOf(fields['fee'])
  if (fee === 'wrong') return invalid('fee is a count of base units')
  const message = readMessage(fields)
  return 'code' in message ? message : { kind: 'sendTransaction', message, from, fee }
}

/** `kind` is that of `DraftMessage`; without one it is a transfer. Fields that nobody knows are refused. */
function readMessage(fields: Readonly<Record<string, unknown>>): DraftMessage | WalletFault {
  const { kind = 'transfer', from: _from, fee: _fee, ...rest } = fields
  const wanted = messageFields.get(kind as DraftMessage['kind'])
  if (!wanted) return invalid('kind is none that a page may ask for')
  const unknown = Object.keys(rest).find((name) => !wanted.has(name))
  if (unknown !== undefined) return invalid(`${unknown} means nothing here`)
  const message: Record<string, string> = { kind: String(kind) }
  for (const [name, form] of wanted) {
    const value = Object.hasOwn(rest, name) ? rest[name] : undefined
    if (value === undefined && optionalFields.has(`${String(kind)}.${name}`)) continue
    const read = forms[form](value)
    if (read === 'wrong') return invalid(`${name} ${formWords[form]}`)
    message[name] = read
  }
  return message as DraftMessage
}

type Form = 'address' | 'units' | 'bytes32'

const messageFields: ReadonlyMap<DraftMessage['kind'], ReadonlyMap<string, Form>> = new Map([
  ['transfer', fieldsOf({ to: 'address', amount: 'units' })],
  ['escrow_open', fieldsOf({ coordinator: 'bytes32', amount: 'units', expiry: 'units' })],
  ['escrow_top_up', fieldsOf({ escrow: 'bytes32', amount: 'units', expiry: 'units' })],
  ['escrow_close', fieldsOf({ escrow: 'bytes32' })],
  [
    'delegate_grant',
    fieldsOf({ escrow: 'bytes32', delegate: 'bytes32', budget: 'units', expiry: 'units' }),
  ],
  ['delegate_revoke', fieldsOf({ escrow: 'bytes32', delegate: 'bytes32' })],
])
const optionalFields: ReadonlySet<string> = new Set(['escrow_top_up.expiry'])

function fieldsOf(fields: Readonly<Record<string, Form>>): ReadonlyMap<string, Form> {
  return new Map(Object.entries(fields))
}

const forms: Readonly<Record<Form, (value: unknown) => string>> = {
  address: (value) => (typeof value === 'string' && parseAddress(value).ok ? value : 'wrong'),
  units: unitsOf,
  bytes32: (value) => {
    const bytes = typeof value === 'string' ? fromHex(value, 32) : undefined
    return bytes?.ok ? (value as string).replace(/^0x/, '').toLowerCase() : 'wrong'
  },
}
const formWords: Readonly<Record<Form, string>> = {
  address: 'is an aitbc1… address of this network',
  units: 'is a count of base units or slots: a decimal string or a whole number',
  bytes32: 'is 32 bytes of hex',
}

function unitsOf(value: unknown): string {
  const units = parseUnits(value)
  return units.ok ? units.value.toString() : 'wrong'
}

function optionalAddress(value: unknown, name: string): string | undefined | WalletFault {
  if (value === undefined || value === null) return undefined
  const isAddress = typeof value === 'string' && parseAddress(value).ok
  return isAddress ? value : invalid(`${name} is an aitbc1… address of this network`)
}

const invalid = (what: string): WalletFault =>
  fault(errorCodes.invalidParams, `Parameters: ${what}.`)
