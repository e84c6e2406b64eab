/**
 * The finality line: the last slots, one cell each, drawn from blocks that this page has read.
 * Tall: a block with transactions. Half: a heartbeat block. Hollow: not yet final. Filled: final.
 * A dash: no block was due. Two bars: one was due and is missing. Nothing: not known.
 */
import { freshAtMs, proposerName, recentBlocks, slotNow, status } from '../live/chain.ts'
import { nowMs, paused } from '../live/clock.ts'
import { PauseIcon, PlayIcon } from '../ui/icon.tsx'
import { type Cell, type CellKind, cellCount, cellsOf } from './cells.ts'

/** An answer as old as this says nothing about the newest slots. */
const freshMsMax = 20_000

export function FinalityLine() {
  const slot = slotNow.value
  const known = status.value
  const cells =
    slot === undefined || !known
      ? Array.from({ length: cellCount }, (_, slot) => ({ slot, kind: 'unknown' as const }))
      : cellsOf({
          slot,
          slotKnown: nowMs.value - freshAtMs.value > freshMsMax ? known.slot : slot,
          blocks: recentBlocks.value,
          heartbeatSlots: known.genesis.parameters.heartbeat_slots,
        })
  return (
    <div class="line-inner">
      <span class="line-label">
        <span class="line-word">Slot </span>
        <span class="mono">{slot === undefined ? '–' : slot.toLocaleString('en')}</span>
      </span>
      <a class="cells" href="/explorer/nodes" aria-label={`${summaryOf(cells)} Open nodes.`}>
        {cells.map((cell) => (
          <span key={cell.slot} class={classOf(cell)} title={titleOf(cell)} />
        ))}
      </a>
      <button
        type="button"
        class="line-button"
        aria-pressed={paused.value}
        aria-label="Pause live updates"
        title={paused.value ? 'Resume live updates' : 'Pause live updates'}
        onClick={() => {
          paused.value = !paused.value
        }}
      >
        {paused.value ? <PlayIcon /> : <PauseIcon />}
      </button>
    </div>
  )
}

function classOf({ kind, block }: Cell): string {
  return `cell cell-${kind}${block && block.tx_count > 0 ? ' cell-full' : ''}`
}

const words: Record<CellKind, string> = {
  final: 'final',
  produced: 'not yet final',
  empty: 'no block was due',
  missed: 'a block was due and is missing',
  unknown: 'not known',
  before: 'before genesis',
}

function titleOf({ slot, kind, block }: Cell): string | undefined {
  if (!block)
    return kind === 'unknown' || kind === 'before' ? undefined : `Slot ${slot}: ${words[kind]}`
  const transactions = `${block.tx_count} transaction${block.tx_count === 1 ? '' : 's'}`
  return `Slot ${slot}: block ${block.height}, ${transactions}, ${words[kind]}, by ${proposerName(block.proposer)}`
}

function summaryOf(cells: readonly Cell[]): string {
  const count = (kind: CellKind) => cells.filter((cell) => cell.kind === kind).length
  const parts = [
    `${count('final')} final`,
    `${count('produced')} not yet final`,
    `${count('empty')} without a block due`,
    `${count('missed')} missed`,
    `${count('unknown')} unknown`,
    `${count('before')} before genesis`,
  ].filter((part) => !part.startsWith('0 '))
  return `Last ${cells.length} slots: ${parts.join(', ')}.`
}
