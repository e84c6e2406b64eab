/** The chain’s authorities and sites: who makes it, who has signed, who agrees. */
import { useEffect, useState } from 'preact/hooks'
import { cellsOf } from '../shared/frame/cells.ts'
import {
  chainEdge,
  failure,
  freshAtMs,
  proposerName,
  recentBlocks,
  refresh,
  slotNow,
  status,
} from '../shared/live/chain.ts'
import { nowMs } from '../shared/live/clock.ts'
import type { ChainStatus } from '../shared/live/schemas.ts'
import { Hash } from '../shared/ui/hash.tsx'
import { heightLink } from '../shared/ui/links.tsx'
import { Failed, Skeleton } from '../shared/ui/states.tsx'
import { type Column, Table } from '../shared/ui/table.tsx'
import { certificatesMax, readCertificates, type Signed } from './certificates.ts'
import { ChainVerdict } from './chain-verdict.tsx'
import { NextBlock } from './next-block.tsx'
import { Title } from './parts.tsx'
import { Sites } from './sites.tsx'

export function NodesPage() {
  const known = status.value
  return (
    <>
      <Title>Nodes</Title>
      {known ? (
        <>
          <BigLine known={known} />
          <ChainVerdict />
          <h2 class="section-title">Sites</h2>
          <Sites authorities={known.authorities.length} />
          <h2 class="section-title">Authorities</h2>
          <Authorities known={known} />
        </>
      ) : failure.value ? (
        <Failed what="the chain" failure={failure.value} retry={() => void refresh()} />
      ) : (
        <div aria-busy="true">
          <Skeleton size={16} />
        </div>
      )}
    </>
  )
}

const legend = [
  ['cell cell-final cell-full', 'final, with transactions'],
  ['cell cell-final', 'final, without'],
  ['cell cell-produced', 'not yet final'],
  ['cell cell-empty', 'no block was due'],
  ['cell cell-missed', 'a block was due and is missing'],
] as const

/** An answer as old as this says nothing about the newest slots. */
const freshMsMax = 20_000

/** The finality line in full size, with what its signs mean. */
function BigLine({ known }: { known: ChainStatus }) {
  const slot = slotNow.value ?? known.slot
  const cells = cellsOf({
    slot,
    slotKnown: nowMs.value - freshAtMs.value > freshMsMax ? known.slot : slot,
    blocks: recentBlocks.value,
    heartbeatSlots: known.genesis.parameters.heartbeat_slots,
  })
  const behind = known.head_height - known.final_height
  return (
    <figure class="big-line">
      <div class="big-line-facts">
        <span>
          Slot <strong class="figure">{slot.toLocaleString('en')}</strong>
        </span>
        <span>
          Head <strong class="figure">{heightLink(known.head_height)}</strong>
        </span>
        <span>
          Final <strong class="figure">{heightLink(known.final_height)}</strong>
        </span>
        <span class="muted">
          {behind === 0 ? 'all blocks are final' : `${behind} not yet final`}
        </span>
        <span class="muted">
          <NextBlock />
        </span>
      </div>
      <div class="cells" aria-hidden="true">
        {cells.map(({ slot: at, kind, block }) => (
          <span
            key={at}
            class={`cell cell-${kind}${block && block.tx_count > 0 ? ' cell-full' : ''}`}
            title={
              block
                ? `Slot ${at}: block ${block.height} by ${proposerName(block.proposer)}`
                : `Slot ${at}`
            }
          />
        ))}
      </div>
      <figcaption>
        <span class="visually-hidden">The last {cells.length} slots, the newest last. Signs: </span>
        <ul class="legend">
          {legend.map(([sign, words]) => (
            <li key={words}>
              <span class="legend-sign" aria-hidden="true">
                <span class={sign} />
              </span>
              {words}
            </li>
          ))}
        </ul>
      </figcaption>
    </figure>
  )
}

type Authority = {
  readonly index: number
  readonly name: string
  readonly key: string
}

function Authorities({ known }: { known: ChainStatus }) {
  const signed = useCertificates()
  const slot = slotNow.value ?? known.slot
  const rows = known.authorities.map(({ name, public_key: key }, index) => ({ index, name, key }))
  // A certificate of another set says nothing about the places in this one.
  const current = signed?.[0]?.authorities
  const own = signed?.filter(({ authorities }) => authorities === current)
  const columns: readonly Column<Authority>[] = [
    { label: 'Authority', cell: ({ name }) => <span class="break">{name}</span> },
    { label: 'Turn', cell: ({ index }) => turnWords(index, slot, rows.length) },
    {
      label: 'Newest block',
      cell: ({ key }) => {
        const block = recentBlocks.value.find(({ proposer }) => proposer === key)
        return block ? heightLink(block.height) : <span class="muted">none of the last 100</span>
      },
      numeric: true,
    },
    {
      label: 'Commits in certificates',
      cell: ({ index, name }) => <Participation index={index} name={name} signed={own} />,
    },
    { label: 'Key', cell: ({ key }) => <Hash value={key} what="authority key" /> },
  ]
  const quorum = rows.length - Math.floor((rows.length - 1) / 3)
  return (
    <>
      <Table caption="Authorities" columns={columns} rows={rows} keyOf={({ key }) => key} />
      <p class="small muted below">
        {rows.length === 1
          ? 'With one authority its own commit makes a block final. '
          : `A block is final once ${quorum} of ${rows.length} have committed to it. A certificate holds such a quorum and may leave out later commits. `}
        Out of the certificates of the newest final blocks, at most {certificatesMax}.
      </p>
    </>
  )
}

function turnWords(index: number, slot: number, count: number) {
  const inSlots = (((index - slot) % count) + count) % count
  if (inSlots === 0) return <strong>this slot</strong>
  return inSlots === 1 ? 'next slot' : `in ${inSlots} slots`
}

type ParticipationProps = {
  index: number
  name: string
  signed: readonly Signed[] | undefined
}

/** One cell a certificate, the newest last: filled where this authority’s commit is in it. */
function Participation({ index, name, signed }: ParticipationProps) {
  if (signed === undefined) return <Skeleton size={8} />
  if (signed.length === 0) return <span class="muted">no certificate yet</span>
  const count = signed.filter(({ signers }) => signers.includes(index)).length
  return (
    <span class="participation">
      <span class="figure">
        {count} of {signed.length}
      </span>
      <span
        class="participation-cells"
        role="img"
        aria-label={`${name}: ${count} of ${signed.length}`}
      >
        {[...signed].reverse().map(({ height, signers }) => (
          <span
            key={height}
            class={signers.includes(index) ? 'commit commit-in' : 'commit'}
            title={`Block ${height}: ${signers.includes(index) ? 'committed' : 'not in the certificate'}`}
          />
        ))}
      </span>
    </span>
  )
}

function useCertificates(): readonly Signed[] | undefined {
  const [signed, setSigned] = useState<readonly Signed[]>()
  const edge = chainEdge.value
  useEffect(() => {
    let current = true
    const hashes = recentBlocks
      .peek()
      .filter(({ height }) => height > 0)
      .slice(0, certificatesMax)
      .map(({ hash }) => hash)
    void readCertificates(hashes).then((found) => current && setSigned(found))
    return () => {
      current = false
    }
  }, [edge])
  return signed
}
