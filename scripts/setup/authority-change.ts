/**
 * A change of authorities on its way from draft to chain: a JSON file that goes from authority to authority,
 * each of which adds its signature.
 */
import * as z from 'zod'
import { bytesEqual, fromHex, toHex } from '../../core/base/bytes.ts'
import { quorumOf } from '../../core/base/int.ts'
import { err, ok, type Result } from '../../core/base/result.ts'
import { sufficientFee } from '../../core/chain/fees.ts'
import { type AuthoritySet, authoritySetHash, type Parameters } from '../../core/chain/genesis.ts'
import {
  type AuthorityChange,
  type AuthorityChangeTerms,
  authorityChangeSigningBytes,
  isUsableSet,
} from '../../core/chain/messages/authority-change.ts'
import { signTransaction, type TransactionBody } from '../../core/chain/transaction.ts'
import type { Signer, Verifier } from '../../core/crypto/signature.ts'

const hex = (length: number) => z.string().regex(new RegExp(`^[0-9a-f]{${2 * length}}$`))
const authorities = z.array(z.strictObject({ name: z.string(), public_key: hex(32) }))

const fileSchema = z.strictObject({
  chain_id: z.string(),
  genesis_hash: hex(32),
  /** Who signs: a quorum of these. */
  old: authorities,
  new: authorities,
  /** Last height of the old set. */
  height: z.int().min(1),
  /** By public key. */
  signatures: z.record(hex(32), hex(64)),
})

/** The file's content. */
export type ChangeFile = z.infer<typeof fileSchema>

export type ChangeFault = { readonly code: 'CHANGE_INVALID'; readonly message: string }

/** Writes a draft: the new set in the order given. */
export function draftChange(
  on: {
    readonly chainId: string
    readonly genesisHash: Uint8Array
    readonly authorities: AuthoritySet
  },
  { set, height }: { readonly set: AuthoritySet; readonly height: number },
): Result<ChangeFile, ChangeFault> {
  if (!isUsableSet(set)) {
    return invalid('a set has 1 to 64 authorities with usable keys, none twice, all of them named')
  }
  return ok({
    chain_id: on.chainId,
    genesis_hash: toHex(on.genesisHash),
    old: on.authorities.map(toJson),
    new: set.map(toJson),
    height,
    signatures: {},
  })
}

/** Reads a file that somebody sent. */
export function readChange(text: string): Result<ChangeFile, ChangeFault> {
  try {
    const parsed = fileSchema.safeParse(JSON.parse(text))
    if (parsed.success) return ok(parsed.data)
    const [issue] = parsed.error.issues
    return invalid(`${issue?.path.join('.')}: ${issue?.message}`)
  } catch {
    return invalid('not JSON')
  }
}

/** The change for people, line by line: who stays, leaves and joins, and when. */
export function describeChange(file: ChangeFile): string[] {
  const has = (set: ChangeFile['old'], key: string) =>
    set.some(({ public_key }) => public_key === key)
  const lines = [`chain ${file.chain_id}, genesis ${file.genesis_hash}`]
  for (const { name, public_key } of file.old) {
    lines.push(`${has(file.new, public_key) ? ' ' : '-'} ${public_key}  ${name}`)
  }
  for (const { name, public_key } of file.new) {
    if (!has(file.old, public_key)) lines.push(`+ ${public_key}  ${name}`)
  }
  return [...lines, `from height ${file.height + 1} on`]
}

/** Adds one authority's signature; refused when it is none of the old set. */
export function signChange(file: ChangeFile, signer: Signer): Result<ChangeFile, ChangeFault> {
  const key = toHex(signer.publicKey)
  if (!file.old.some(({ public_key }) => public_key === key)) {
    return invalid(`${key} is no authority of the set in force`)
  }
  const message = authorityChangeSigningBytes(bytesOf(file.genesis_hash), termsOf(file))
  const signatures = { ...file.signatures, [key]: toHex(signer.sign(message)) }
  return ok({ ...file, signatures })
}

/**
 * The transaction, paid for by whoever sends it. Refused when it is for another chain or set than the one
 * in force, or when valid signatures are missing.
 */
export function changeTransaction(
  file: ChangeFile,
  on: {
    readonly genesisHash: Uint8Array
    readonly authorities: AuthoritySet
    readonly parameters: Parameters
    readonly verifier: Verifier
    readonly payer: Signer
    readonly nonce: bigint
    readonly validUntil: bigint
  },
): Result<Uint8Array, ChangeFault> {
  if (file.genesis_hash !== toHex(on.genesisHash)) return invalid('it is for another chain')
  const terms = termsOf(file)
  if (!bytesEqual(terms.old, authoritySetHash(on.authorities))) {
    return invalid('the set in force is another by now: draft it again')
  }
  const message = authorityChangeSigningBytes(on.genesisHash, terms)
  const signatures: AuthorityChange['signatures'] = []
  for (const [authority, { publicKey, name }] of on.authorities.entries()) {
    const text = file.signatures[toHex(publicKey)]
    if (text === undefined) continue
    const signature = bytesOf(text)
    if (!on.verifier.verify({ signature, message, publicKey })) {
      return invalid(`the signature of ${name} is not for these terms`)
    }
    signatures.push({ authority, signature })
  }
  const need = quorumOf(on.authorities.length)
  if (signatures.length < need) {
    return invalid(`${signatures.length} of ${need} signatures that are needed`)
  }
  const draft: TransactionBody = {
    version: 1,
    sender: on.payer.publicKey,
    nonce: on.nonce,
    fee: 0n,
    validUntil: on.validUntil,
    message: { TAG: 'authority_change', data: { terms, signatures } },
  }
  const fee = sufficientFee(on.parameters, draft)
  return ok(signTransaction(on.genesisHash, { ...draft, fee }, on.payer))
}

const termsOf = (file: ChangeFile): AuthorityChangeTerms => ({
  old: authoritySetHash(file.old.map(fromJson)),
  set: file.new.map(fromJson),
  height: BigInt(file.height),
})

const toJson = ({ name, publicKey }: AuthoritySet[number]) => ({
  name,
  public_key: toHex(publicKey),
})

const fromJson = ({ name, public_key }: ChangeFile['old'][number]): AuthoritySet[number] => ({
  name,
  publicKey: bytesOf(public_key),
})

function bytesOf(text: string): Uint8Array {
  const bytes = fromHex(text)
  if (!bytes.ok) throw new Error('invariant broken: the schema allows hex only')
  return bytes.value
}

const invalid = (message: string): Result<never, ChangeFault> =>
  err({ code: 'CHANGE_INVALID', message })
