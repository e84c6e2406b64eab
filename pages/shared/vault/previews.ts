/**
 * Previews and signatures. What is shown is read back from the bytes that would be signed, and a token
 * names those bytes: whoever holds it can have exactly them signed, once, and only soon.
 */
import { fromHex, toHex, toHex0x } from '../../../core/base/bytes.ts'
import { ok, type Result } from '../../../core/base/result.ts'
import {
  type TransactionBody,
  transactionBodyCoder,
  transactionCoder,
  transactionHash,
  transactionSigningBytes,
} from '../../../core/chain/transaction.ts'
import { addressOf, formatAddress } from '../../../core/crypto/address.ts'
import { nobleVerifier } from '../../../core/crypto/ed25519.ts'
import { signedMessageBytes } from '../../../core/crypto/signed-message.ts'
import { findAccount, type KeystoreAccount, signerOf } from '../../../core/wallet/keystore.ts'
import { previewTransaction as describeTransaction } from '../../../core/wallet/preview.ts'
import type { PreviewContext } from '../../../core/wallet/preview-lines.ts'
import { previewMessage as describeMessage } from '../../../core/wallet/preview-message.ts'
import { bodyOf, chainOf, type DraftChain, whole } from './draft.ts'
import { fail, type Held, locked } from './held.ts'
import {
  type DraftContext,
  type MessageDraft,
  type MessagePreview,
  type TransactionDraft,
  type TransactionPreview,
  type VaultCalls,
  type VaultError,
  vaultLimits,
} from './messages.ts'
import { sentence } from './sealing.ts'

/** What a token stands for. `signing`: the bytes that the signature is over. */
export type WaitingPreview = {
  readonly address: string
  readonly signing: Uint8Array
  readonly atMs: number
} & ({ readonly kind: 'transaction'; readonly body: Uint8Array } | { readonly kind: 'message' })

const tokenBytes = 16

/** Shows a transaction and keeps its bytes for `signPreviewed`. */
export async function previewTransaction(
  held: Held,
  draft: TransactionDraft,
): Promise<Result<TransactionPreview, VaultError>> {
  const account = accountOf(held, draft.account)
  if (!account.ok) return account
  const chain = chainOf(draft.genesis)
  if (!chain.ok) return chain
  const wanted = bodyOf(draft, account.value.publicKey, chain.value)
  if (!wanted.ok) return wanted
  const bytes = transactionBodyCoder.encode(wanted.value)
  // From here on only what the bytes say.
  const body = transactionBodyCoder.decode(bytes)
  const context = contextOf(held, draft.context, chain.value)
  if (!context.ok) return context
  const shown = describeTransaction(body, context.value)
  const token = keep(held, {
    kind: 'transaction',
    address: account.value.address,
    body: bytes,
    signing: transactionSigningBytes(chain.value.hash, body),
    atMs: held.ports.nowMs(),
  })
  return ok({
    token,
    account: account.value.address,
    ...chainNames(chain.value),
    kind: draft.message.kind,
    title: shown.title,
    lines: shown.lines,
    fee: body.fee.toString(),
    leaves: shown.leaves.toString(),
    locked: shown.locked.toString(),
    balanceAfter: shown.balanceAfter?.toString(),
    risks: shown.risks,
  })
}

/** Shows a message and keeps its bytes for `signPreviewed`. */
export async function previewMessage(
  held: Held,
  draft: MessageDraft,
): Promise<Result<MessagePreview, VaultError>> {
  const account = accountOf(held, draft.account)
  if (!account.ok) return account
  const chain = chainOf(draft.genesis)
  if (!chain.ok) return chain
  const { origin, text } = draft
  const signing = signedMessageBytes({ genesisHash: chain.value.hash, origin, text })
  if (!signing.ok) return fail('DRAFT_INVALID', sentence(signing.error.message))
  const token = keep(held, {
    kind: 'message',
    address: account.value.address,
    signing: signing.value,
    atMs: held.ports.nowMs(),
  })
  return ok({
    token,
    account: account.value.address,
    ...chainNames(chain.value),
    ...describeMessage({
      origin,
      text,
      requester: draft.requester ?? origin,
      knownOrigins: draft.knownOrigins ?? [],
      knownTexts: [...(draft.knownTexts ?? []), toHex(chain.value.hash)],
    }),
  })
}

/** Signs what a token stands for. The token is used up, whatever comes of it. */
export function signPreviewed(
  held: Held,
  token: string,
  kind: 'transaction',
): Result<VaultCalls['signTransaction']['answer'], VaultError>
export function signPreviewed(
  held: Held,
  token: string,
  kind: 'message',
): Result<VaultCalls['signMessage']['answer'], VaultError>
export function signPreviewed(
  held: Held,
  token: string,
  kind: WaitingPreview['kind'],
): Result<object, VaultError> {
  if (!held.opened) return locked()
  const waiting = held.previews.get(token)
  held.previews.delete(token)
  const isFresh = waiting && held.ports.nowMs() < waiting.atMs + vaultLimits.previewLifeMs
  if (!isFresh || waiting.kind !== kind) {
    return fail('PREVIEW_UNKNOWN', 'This was not shown, was signed already, or is too long ago.')
  }
  const account = accountOf(held, waiting.address)
  if (!account.ok) return account
  const signer = signerOf(account.value)
  const signature = signer.sign(waiting.signing)
  if (waiting.kind === 'message') {
    return ok({ signature: toHex(signature), publicKey: toHex(signer.publicKey) })
  }
  const body: TransactionBody = transactionBodyCoder.decode(waiting.body)
  const bytes = transactionCoder.encode({ body, signature })
  return ok({ bytes: toHex(bytes), hash: toHex0x(transactionHash(bytes)) })
}

/** Whether a signature over a text is of the key, and whose address that is. */
export function checkSignature(
  request: VaultCalls['verifyMessage']['request'],
): Result<VaultCalls['verifyMessage']['answer'], VaultError> {
  const chain = chainOf(request.genesis)
  if (!chain.ok) return chain
  const publicKey = fromHex(request.publicKey.trim(), 32)
  if (!publicKey.ok) return fail('DRAFT_INVALID', 'The public key is not 64 hex digits.')
  const signature = fromHex(request.signature.trim(), 64)
  if (!signature.ok) return fail('DRAFT_INVALID', 'The signature is not 128 hex digits.')
  const { origin, text } = request
  const message = signedMessageBytes({ genesisHash: chain.value.hash, origin, text })
  if (!message.ok) return fail('DRAFT_INVALID', sentence(message.error.message))
  const holds = nobleVerifier.verify({
    signature: signature.value,
    message: message.value,
    publicKey: publicKey.value,
  })
  return ok({ holds, address: formatAddress(addressOf(publicKey.value)) })
}

function keep(held: Held, preview: WaitingPreview): string {
  const token = toHex(held.ports.randomBytes(tokenBytes))
  held.previews.set(token, preview)
  const [oldest] = held.previews.keys()
  if (held.previews.size > vaultLimits.previewsMax && oldest !== undefined) {
    held.previews.delete(oldest)
  }
  return token
}

function accountOf({ opened }: Held, address: string): Result<KeystoreAccount, VaultError> {
  if (!opened) return locked()
  const found = findAccount(opened.keystore, address)
  return found.ok ? found : fail('ACCOUNT_UNKNOWN', 'This account is not in the wallet.')
}

const chainNames = ({ genesis, hash }: DraftChain) => ({
  chainId: genesis.chainId,
  genesisHash: toHex(hash),
})

/** What the page knows, and the names of the wallet's own accounts, which no page can change. */
function contextOf(
  { opened }: Held,
  given: DraftContext,
  { genesis }: DraftChain,
): Result<PreviewContext, VaultError> {
  const slot = whole(given.slot)
  const coordinator = given.coordinator === undefined ? undefined : fromHex(given.coordinator, 32)
  if (slot === undefined || coordinator?.ok === false) {
    return fail('DRAFT_INVALID', 'Slot or coordinator cannot be read.')
  }
  const own = opened?.keystore.accounts.map(({ address, name }) => [address, name] as const) ?? []
  return ok({
    parameters: genesis.parameters,
    slot,
    balance: known(given.balance),
    nextNonce: known(given.nextNonce),
    names: new Map([...Object.entries(given.names ?? {}), ...own]),
    coordinator: coordinator?.value,
    escrowBalance: known(given.escrowBalance),
  })
}

const known = (text: string | undefined): bigint | undefined =>
  text === undefined ? undefined : whole(text)
