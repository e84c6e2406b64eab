/**
 * Adds up a chain from outside: every account and escrow that anybody here knows of, each with its proof
 * against one final state root, held against what genesis gave and the chain has minted and burned.
 */
import { setTimeout as pause } from 'node:timers/promises'
import type { ProofSubject, StatusView } from '../../core/api/chain-service.ts'
import { readProof, readStatus } from '../../core/api/rpc-read.ts'
import { toHex, toHex0x } from '../../core/base/bytes.ts'
import type { Result } from '../../core/base/result.ts'
import type { Genesis } from '../../core/chain/genesis.ts'
import { verifyProof } from '../../core/chain/proof.ts'
import { formatAddress } from '../../core/crypto/address.ts'
import { nobleVerifier } from '../../core/crypto/ed25519.ts'

/** Base units. */
export type Tally = {
  /** At genesis and since. */
  readonly minted: bigint
  readonly burned: bigint
  /** All proven balances and escrows together. */
  readonly sumOfBalances: bigint
  readonly balances: readonly { readonly name: string; readonly amount: bigint }[]
}

export type Holder =
  | { readonly name: string; readonly address: Uint8Array }
  | { readonly name: string; readonly escrow: Uint8Array }

/** How often a moving chain is asked again. */
const triesMax = 60

/** Proves and adds up the holdings of all `holders`, once the chain rests. */
export async function addUp(
  api: string,
  input: { readonly genesis: Genesis; readonly holders: readonly Holder[] },
): Promise<Tally> {
  for (let tries = 0; tries < triesMax; tries++) {
    const before = await statusOf(api)
    const proven = await Promise.all(input.holders.map((holder) => prove(api, input, holder)))
    const after = await statusOf(api)
    const roots = new Set(proven.map(({ stateRoot }) => stateRoot))
    const rests = before.mempoolSize === 0 && after.mempoolSize === 0
    if (roots.size === 1 && rests && roots.has(toHex(after.head.stateRoot))) {
      const { supply } = after
      return {
        minted: supply.genesis + supply.minted,
        burned: supply.burned,
        sumOfBalances: proven.reduce((sum, { amount }) => sum + amount, 0n),
        balances: proven.map(({ name, amount }) => ({ name, amount })),
      }
    }
    await pause(500)
  }
  throw new Error('the chain does not come to rest')
}

type Proven = { readonly name: string; readonly amount: bigint; readonly stateRoot: string }

async function prove(
  api: string,
  { genesis }: { readonly genesis: Genesis },
  holder: Holder,
): Promise<Proven> {
  const subject: ProofSubject =
    'address' in holder
      ? { kind: 'account', address: holder.address }
      : { kind: 'escrow', id: holder.escrow }
  const path =
    subject.kind === 'account'
      ? `account/${formatAddress(subject.address)}`
      : `escrow/${toHex0x(subject.id)}`
  const proof = orThrow(readProof(await json(api, `/rpc/proof/${path}`)))
  const fact = orThrow(verifyProof({ genesis, proof, subject, verifier: nobleVerifier }))
  const amount =
    fact.kind === 'account'
      ? fact.account?.balance
      : fact.kind === 'escrow'
        ? fact.escrow?.balance
        : undefined
  return { name: holder.name, amount: amount ?? 0n, stateRoot: toHex(proof.header.stateRoot) }
}

async function statusOf(api: string): Promise<StatusView> {
  return orThrow(readStatus(await json(api, '/rpc/status')))
}

async function json(api: string, path: string): Promise<unknown> {
  const response = await fetch(`${api}${path}`, { signal: AbortSignal.timeout(20_000) })
  if (response.ok) return await response.json()
  throw new Error(`${path} answered ${response.status}`)
}

function orThrow<T>(result: Result<T, { readonly message: string }>): T {
  if (result.ok) return result.value
  throw new Error(result.error.message)
}
