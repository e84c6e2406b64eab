/**
 * A small chain for tests: fixed keys, a genesis with money, and shorthand for signed transactions.
 */
import { verify } from 'node:crypto'
import { compareBytes, utf8ToBytes } from '../../core/base/bytes.ts'
import {
  type Authorisation,
  authorisationHash,
  authorisationSigningBytes,
} from '../../core/chain/authorisation.ts'
import { openEngine } from '../../core/chain/engine.ts'
import type { Engine, EngineOptions } from '../../core/chain/engine-api.ts'
import { sufficientFee } from '../../core/chain/fees.ts'
import { type Genesis, genesisHash, slotMs } from '../../core/chain/genesis.ts'
import type { SettlementItem } from '../../core/chain/messages/settle.ts'
import { type Release, releaseSigningBytes } from '../../core/chain/release.ts'
import {
  type Message,
  signTransaction,
  type TransactionBody,
} from '../../core/chain/transaction.ts'
import { addressOf } from '../../core/crypto/address.ts'
import { signerFromSeed, spkiOf, strictVerifier } from '../../core/crypto/ed25519.ts'
import { sha256 } from '../../core/crypto/hash.ts'
import type { Signer } from '../../core/crypto/signature.ts'

/** Ed25519 by node:crypto behind the strict wrapper: what a host would inject. */
export const nodeVerifier = strictVerifier(({ signature, message, publicKey }) =>
  verify(
    null,
    message,
    { key: Buffer.from(spkiOf(publicKey)), format: 'der', type: 'spki' },
    signature,
  ),
)

export type Person = Signer & { readonly address: Uint8Array }

/** A key pair whose seed is the hash of a name: the same in every run. */
export function person(name: string): Person {
  const signer = signerFromSeed(sha256(utf8ToBytes(name)))
  return { ...signer, address: addressOf(signer.publicKey) }
}

export const authority = person('authority')
export const alice = person('alice')
export const bob = person('bob')
export const carol = person('carol')
export const coordinator = person('coordinator')
export const miner = person('miner')
export const faucet = person('faucet')

/** A genesis with cheap fees, in which N is 60 slots and M is 20. */
export function createGenesis(change: Partial<Genesis> = {}): Genesis {
  const funded = [
    { address: alice.address, balance: 1_000_000_000n },
    { address: bob.address, balance: 500_000_000n },
    { address: faucet.address, balance: 10_000_000_000n },
  ]
  return {
    version: 1,
    chainId: 'test',
    genesisTimeMs: 1_700_000_000_000n,
    parameters: {
      baseFee: 100n,
      feePerByte: 2n,
      feePerEntry: 500n,
      coordinatorShareBps: 1_000,
      closeNoticeSlots: 60n,
      authorisationLifeSlots: 20n,
      heartbeatSlots: 30n,
      faucetMax: 5_000_000n,
    },
    authorities: [{ publicKey: authority.publicKey, name: 'one' }],
    faucets: [faucet.address],
    accounts: funded.sort((a, b) => compareBytes(a.address, b.address)),
    ...change,
  }
}

export const genesis = createGenesis()

/** Unix milliseconds of the start of a slot. */
export const timeOf = (slot: number, of: Genesis = genesis): number =>
  Number(of.genesisTimeMs) + slot * slotMs

/** Opens an engine that proposes, or fails the test. */
export function mustOpen(options: Partial<EngineOptions> & Pick<EngineOptions, 'store'>): Engine {
  const opened = openEngine({ genesis, verifier: nodeVerifier, signer: authority, ...options })
  if (!opened.ok) throw new Error(`${opened.error.code}: ${opened.error.message}`)
  return opened.value
}

export type SignInput = Partial<Omit<TransactionBody, 'message' | 'sender'>> & {
  readonly by: Signer
  readonly message: Message
  readonly of?: Genesis
}

/** Signs a message; the fee is sufficient and the validity long unless given. */
export function sign({ by, message, of = genesis, ...given }: SignInput): Uint8Array {
  const draft = {
    version: 1,
    sender: by.publicKey,
    nonce: 0n,
    fee: 0n,
    validUntil: 1_000n,
    message,
    ...given,
  } as TransactionBody
  const fee = given.fee ?? sufficientFee(of.parameters, draft)
  return signTransaction(genesisHash(of), { ...draft, fee }, by)
}

export const transfer = (to: Uint8Array, amount: bigint): Message => ({
  TAG: 'transfer',
  data: { to, amount },
})

export type ItemInput = {
  readonly authorisation: Partial<Authorisation> & Pick<Authorisation, 'escrow'>
  readonly release?: Partial<Release>
  readonly payer?: Signer
  readonly releaser?: Signer
  readonly of?: Genesis
}

/** A settlement item, valid unless the input says otherwise: alice pays 1 000 of at most 2 000. */
export function settlementItem(input: ItemInput): SettlementItem {
  const { payer = alice, releaser = coordinator, of = genesis } = input
  const authorisation: Authorisation = {
    number: 1n,
    limit: 2_000_000n,
    settleBy: 15n,
    jobHash: sha256(utf8ToBytes('job')),
    signer: payer.publicKey,
    ...input.authorisation,
  }
  const release: Release = {
    authorisation: authorisationHash(authorisation),
    miner: miner.address,
    amount: 1_000_000n,
    receiptHash: sha256(utf8ToBytes('receipt')),
    ...input.release,
  }
  const hash = genesisHash(of)
  return {
    authorisation,
    authorisationSignature: payer.sign(authorisationSigningBytes(hash, authorisation)),
    release,
    releaseSignature: releaser.sign(releaseSigningBytes(hash, release)),
  }
}
