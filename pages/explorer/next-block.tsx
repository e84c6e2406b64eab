/** When the next block is due: a heartbeat at the latest, sooner when there is something to do. */
import { recentBlocks, slotNow, slotTimeMs, status } from '../shared/live/chain.ts'
import { nowMs } from '../shared/live/clock.ts'
import { Title } from './parts.tsx'

/** Milliseconds until this block can be there and until it is due; undefined while the head is not known. */
function dueIn(
  height: number,
): { readonly earliestMs: number; readonly latestMs: number } | undefined {
  const [known, head, slot] = [status.value, recentBlocks.value[0], slotNow.value]
  if (!known || !head || slot === undefined) return undefined
  const ahead = height - head.height
  const heartbeat = known.genesis.parameters.heartbeat_slots
  const untilMs = (at: number) => Math.max(0, (slotTimeMs(at) ?? 0) - nowMs.value)
  return {
    earliestMs: untilMs(Math.max(slot, head.slot) + ahead),
    latestMs: untilMs(head.slot + ahead * heartbeat),
  }
}

/** Counts down; past the time it says so, since then an authority is silent. */
export function NextBlock() {
  const head = recentBlocks.value[0]
  const due = head && dueIn(head.height + 1)
  if (!due) return null
  return due.latestMs === 0 ? (
    <span>next block is due</span>
  ) : (
    <span>
      next within <span class="mono">{countdown(due.latestMs)}</span>
    </span>
  )
}

/** A height that no block has yet. */
export function FutureBlock({ height }: { height: number }) {
  const head = recentBlocks.value[0]
  const due = dueIn(height)
  const ahead = head ? height - head.height : 0
  return (
    <>
      <Title>
        Block <span class="mono">{height.toLocaleString('en')}</span>
      </Title>
      <div class="note">
        <strong>This block is not made yet</strong>
        {due ? (
          <>
            <span>
              It is {ahead.toLocaleString('en')} {ahead === 1 ? 'block' : 'blocks'} ahead of the
              head. When every slot has something to do it is there in
            </span>
            <span class="countdown figure">{countdown(due.earliestMs)}</span>
            <span>
              and when there is nothing to do, by heartbeats alone, in {countdown(due.latestMs)}.
              This page turns into the block when it comes.
            </span>
          </>
        ) : null}
        <a class="button button-small" href="/explorer/blocks">
          To the newest blocks
        </a>
      </div>
    </>
  )
}

/** Such as "0:42", "3 h 20 min" or "12 days". */
function countdown(ms: number): string {
  const seconds = Math.ceil(ms / 1_000)
  if (seconds < 3_600) {
    return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`
  }
  const hours = Math.floor(seconds / 3_600)
  if (hours < 48) return `${hours} h ${Math.floor((seconds % 3_600) / 60)} min`
  return `${Math.floor(hours / 24).toLocaleString('en')} days`
}
