/** What a program writes down of its light client, one file a chain; and checkpoints as people pass them on. */
import * as z from 'zod/mini'
import { fromHex, toHex } from '../base/bytes.ts'
import { err, ok, type Result } from '../base/result.ts'
import { authoritySetHash, type Genesis } from '../chain/genesis.ts'
import type { Checkpoint, LightState } from '../chain/light.ts'
import { decodeLightState, encodeLightState } from '../chain/light-coders.ts'

/** The text cannot be used. */
export type MemoryError = { readonly code: 'MEMORY_INVALID'; readonly message: string }

const memorySchema = z.object({
  version: z.literal(1),
  /** For people; the bytes decide. */
  chain_id: z.string(),
  height: z.int().check(z.minimum(0)),
  state: z.string(),
})

/** The text of a memory file. */
export function writeMemory(genesis: Genesis, state: LightState): string {
  const bytes = toHex(encodeLightState(state))
  const { height } = state.head
  const memory = { version: 1, chain_id: genesis.chainId, height, state: bytes }
  return `${JSON.stringify(memory, undefined, 2)}\n`
}

/** Reads a memory file of this chain. */
export function readMemory(genesis: Genesis, text: string): Result<LightState, MemoryError> {
  try {
    const bytes = fromHex(memorySchema.parse(JSON.parse(text)).state)
    const state = bytes.ok ? decodeLightState(genesis, bytes.value) : undefined
    if (state) return ok(state)
  } catch {
    // As below: whatever it is, it is no memory.
  }
  return invalid('not what was remembered of this chain')
}

/** `HEIGHT:SLOT:BLOCK:AUTHORITIES`, hashes as hex: what one person tells another to begin with. */
export const formatCheckpoint = ({ head, authorities }: LightState): string =>
  [head.height, head.slot, toHex(head.hash), toHex(authoritySetHash(authorities))].join(':')

/** Reads a checkpoint. */
export function parseCheckpoint(text: string): Result<Checkpoint, MemoryError> {
  const parts = /^(\d{1,15}):(\d{1,15}):([0-9a-f]{64}):([0-9a-f]{64})$/.exec(text)
  const [block, authorities] = [fromHex(parts?.[3] ?? ''), fromHex(parts?.[4] ?? '')]
  if (!parts || !block.ok || !authorities.ok) {
    return invalid('a checkpoint is HEIGHT:SLOT:BLOCK:AUTHORITIES')
  }
  const [height, slot] = [Number(parts[1]), Number(parts[2])]
  return ok({ height, slot, hash: block.value, authorities: authorities.value })
}

const invalid = (message: string): Result<never, MemoryError> =>
  err({ code: 'MEMORY_INVALID', message })
