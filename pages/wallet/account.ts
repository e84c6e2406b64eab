/** What the site says of the chosen account: balance, nonces, and what waits. */
import { chainEdge, slowEdge } from '../shared/live/chain.ts'
import { type Resource, useResource } from '../shared/live/resource.ts'
import { type AccountAnswer, accountAnswer, type Pooled, pooledAnswer } from './wire.ts'

/** Most waiting transactions that one answer of the site holds. */
const pooledMax = 500

/** Balance and nonces of an account, again with each block. */
export const useAccount = (address: string): Resource<AccountAnswer> =>
  useResource(`/rpc/getBalance/${encodeURIComponent(address)}`, accountAnswer, chainEdge.value)

/** The account's transactions that wait for a block, by nonce. */
export function useWaiting(address: string): readonly Pooled[] {
  // What waits brings no block, so that blocks alone would not tell of it.
  const edge = `${chainEdge.value} ${slowEdge.value}`
  const pool = useResource(
    `/rpc/mempool?sender=${encodeURIComponent(address)}&limit=${pooledMax}`,
    pooledAnswer,
    edge,
  )
  if (pool.phase !== 'ready') return []
  return [...pool.value].sort((left, right) => left.nonce - right.nonce)
}

/** Nonces below waiting ones that nothing carries: until they are used, nothing after them is taken. */
export function missingNonces(next: number, waiting: readonly Pooled[]): readonly number[] {
  const highest = waiting.at(-1)?.nonce
  if (highest === undefined) return []
  const carried = new Set(waiting.map(({ nonce }) => nonce))
  const missing: number[] = []
  for (let nonce = next; nonce < highest && missing.length < missingMax; nonce++) {
    if (!carried.has(nonce)) missing.push(nonce)
  }
  return missing
}

const missingMax = 16
