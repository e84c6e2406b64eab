/**
 * Final blocks that this isolate has read before. A final block never changes, so it is answered again
 * without asking anybody; blocks that may still be replaced are never kept. One memory a configuration:
 * another one may mean another chain.
 */
import type { BlockJson, BlockSummaryJson } from '../core/api/rpc-views.ts'
import type { Config } from './config.ts'

/** Bounds of the memory, far below what an isolate has. */
export const finalBlockLimits = {
  /** Most summaries: about a kilobyte each. */
  summariesMax: 4_096,
  /** Most characters of whole blocks, all together. */
  wholeCharsMax: 8_388_608,
} as const

export type FinalBlocks = {
  /** The answer to whoever asks for this block by height or hash; undefined when it is not known. */
  readonly whole: (at: number | string) => string | undefined
  /** Writes a block as JSON, and keeps that when the block is final. */
  readonly keepWhole: (at: number | string, block: BlockJson) => string
  /** Blocks from a height on, as far as they are known without a gap. */
  readonly run: (range: { readonly from: number; readonly to: number }) => BlockSummaryJson[]
  /** Keeps those that are final. */
  readonly keep: (blocks: readonly BlockSummaryJson[]) => void
}

const memories = new WeakMap<Config, FinalBlocks>()

/** The memory of a configuration. */
export function finalBlocksOf(config: Config): FinalBlocks {
  const known = memories.get(config)
  if (known) return known
  const fresh = openFinalBlocks()
  memories.set(config, fresh)
  return fresh
}

function openFinalBlocks(): FinalBlocks {
  const texts = new Map<number | string, string>()
  const summaries = new Map<number, BlockSummaryJson>()
  let chars = 0
  return {
    whole: (at) => texts.get(at),
    keepWhole: (at, block) => {
      const text = JSON.stringify(block)
      if (!block.final || texts.has(at) || text.length > finalBlockLimits.wholeCharsMax) return text
      texts.set(at, text)
      chars += text.length
      for (const [oldest, { length }] of texts) {
        if (chars <= finalBlockLimits.wholeCharsMax) break
        texts.delete(oldest)
        chars -= length
      }
      return text
    },
    run: ({ from, to }) => {
      const found: BlockSummaryJson[] = []
      for (let height = from; height <= to; height++) {
        const summary = summaries.get(height)
        if (!summary) break
        found.push(summary)
      }
      return found
    },
    keep: (blocks) => {
      for (const block of blocks) if (block.final) summaries.set(block.height, block)
      for (const oldest of summaries.keys()) {
        if (summaries.size <= finalBlockLimits.summariesMax) break
        summaries.delete(oldest)
      }
    },
  }
}
