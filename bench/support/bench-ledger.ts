/** A chain of one authority for benchmarks of the core: keys, genesis, signed transfers. */
import { openEngine } from '../../core/chain/engine.ts'
import type { Engine } from '../../core/chain/engine-api.ts'
import { sufficientFee } from '../../core/chain/fees.ts'
import { type Genesis, genesisHash, parseGenesis, slotMs } from '../../core/chain/genesis.ts'
import type { ChainStore } from '../../core/chain/store.ts'
import { signTransaction, type TransactionBody } from '../../core/chain/transaction.ts'
import { addressOf } from '../../core/crypto/address.ts'
import { sha256 } from '../../core/crypto/hash.ts'
import type { Signer, Verifier } from '../../core/crypto/signature.ts'
import { nativeSigner } from '../../durable-objects/coordinator/native-signer.ts'
import { makeGenesis } from '../../scripts/setup/genesis.ts'

/** Somebody who pays, and the nonce of the next transaction. */
export type Sender = { readonly signer: Signer; readonly address: Uint8Array; nonce: bigint }

export type Transfer = {
  readonly genesis: Genesis
  readonly hash: Uint8Array
  readonly sender: Sender
  readonly to: Uint8Array
  readonly slot: number
}

/** The same keys in every run. */
export const keyNumbered = (kind: number, number: number): Signer =>
  nativeSigner(sha256(numberBytes(kind * 2 ** 24 + number)))

export const benchAuthority = keyNumbered(1, 0)

/** Those who pay, `count` of them. */
export const makeSenders = (count: number): Sender[] =>
  Array.from({ length: count }, (_, number) => {
    const signer = keyNumbered(2, number)
    return { signer, address: addressOf(signer.publicKey), nonce: 0n }
  })

/** Devnet parameters, the one authority, and further accounts. */
export function makeBenchGenesis(
  accounts: readonly { readonly address: Uint8Array; readonly balance: bigint }[] = [],
): Genesis {
  const { publicKey } = benchAuthority
  const json = makeGenesis({
    chainId: 'bench',
    nowMs: 1_800_000_000_000,
    sites: [
      {
        name: 'bench',
        authority: publicKey,
        coordinator: keyNumbered(1, 1).publicKey,
        faucet: keyNumbered(1, 2).publicKey,
      },
    ],
    accounts: [...accounts],
  })
  const parsed = parseGenesis(json)
  if (!parsed.ok) throw new Error(parsed.error.message)
  return parsed.value
}

/** Opens an engine or ends the benchmark. */
export function openBenchEngine(input: {
  readonly store: ChainStore
  readonly genesis: Genesis
  readonly verifier: Verifier
  readonly signer?: Signer
}): Engine {
  const opened = openEngine({ ...input, signer: input.signer })
  if (!opened.ok) throw new Error(`${opened.error.code}: ${opened.error.message}`)
  return opened.value
}

/** The sender's next transfer, signed. */
export function signNextTransfer({ genesis, hash, sender, to, slot }: Transfer): Uint8Array {
  const draft: TransactionBody = {
    version: 1,
    sender: sender.signer.publicKey,
    nonce: sender.nonce,
    fee: 0n,
    validUntil: BigInt(slot + 10_000),
    message: { TAG: 'transfer', data: { to, amount: 100n } },
  }
  sender.nonce += 1n
  const fee = sufficientFee(genesis.parameters, draft)
  return signTransaction(hash, { ...draft, fee }, sender.signer)
}

/** Unix milliseconds at which a slot begins. */
export const slotStartMs = (genesis: Genesis, slot: number): number =>
  Number(genesis.genesisTimeMs) + slot * slotMs

/** A number from 0 to `below` − 1 that looks random and is the same in every run. */
export function scattered(number: number, below: number): number {
  const hash = sha256(numberBytes(number))
  return new DataView(hash.buffer, hash.byteOffset).getUint32(0) % below
}

/** An address that nobody has the key of. */
export function addressNumbered(number: number): Uint8Array {
  const address = new Uint8Array(20)
  address.set(numberBytes(number), 12)
  return address
}

export const hashOfChain = (genesis: Genesis): Uint8Array => genesisHash(genesis)

function numberBytes(number: number): Uint8Array {
  const bytes = new Uint8Array(8)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(number))
  return bytes
}
