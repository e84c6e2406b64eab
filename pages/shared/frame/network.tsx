/** What the header and the footer say about the network, always with how it is known. */
import { failure, freshAtMs, link, status } from '../live/chain.ts'
import { paused } from '../live/clock.ts'
import { Skeleton } from '../ui/states.tsx'
import { Status, type Tone } from '../ui/status.tsx'
import { When } from '../ui/time.tsx'

/** Network and finality in one glance; leads to the explorer. */
export function NetworkIndicator() {
  const { tone, word } = headline()
  return (
    <a href="/explorer/">
      <Status tone={tone} word={word} />
    </a>
  )
}

function headline(): { tone: Tone; word: string } {
  const known = status.value
  if (!known) {
    return failure.value
      ? { tone: 'bad', word: 'Chain unreachable' }
      : { tone: 'neutral', word: 'Connecting' }
  }
  if (link.value === 'lost') return { tone: 'bad', word: 'Connection lost' }
  const behind = known.head_height - known.final_height
  if (behind > 0) return { tone: 'caution', word: `${behind} not yet final` }
  return { tone: 'good', word: `Final at ${known.final_height.toLocaleString('en')}` }
}

const linkWords = {
  connecting: 'connecting',
  live: 'live',
  polling: 'polling',
  lost: 'connection lost',
} as const

/** Version, chain, height, source and status at the foot of every page. */
export function SiteFacts({ version }: { version: string }) {
  const known = status.value
  const waiting = <Skeleton size={8} />
  const facts = [
    ['Version', version],
    ['Chain', known ? known.chain_id : failure.value ? 'unknown' : waiting],
    [
      'Height',
      known ? known.head_height.toLocaleString('en') : failure.value ? 'unknown' : waiting,
    ],
    ['Source', <a href="/rpc/status">this site’s chain node</a>],
    [
      'Status',
      freshAtMs.value === 0 ? (
        linkWords[link.value]
      ) : (
        <>
          {paused.value ? 'paused' : linkWords[link.value]}, read{' '}
          <When ms={freshAtMs.value} ageOnly />
        </>
      ),
    ],
  ] as const
  return (
    <>
      {facts.map(([label, value]) => (
        <div key={label}>
          <dt>{label}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </>
  )
}
