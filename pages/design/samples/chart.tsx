import { recentBlocks } from '../../shared/live/chain.ts'
import type { Resource } from '../../shared/live/resource.ts'
import { ChartSkeleton, LazyChart } from '../../shared/ui/chart/lazy-chart.tsx'
import type { ChartPoint } from '../../shared/ui/chart/points.ts'
import { Loaded } from '../../shared/ui/states.tsx'

const empty = { title: 'Nothing to draw yet', text: 'A bar appears here with the first block.' }
const blocksUnit = { one: 'block', many: 'blocks' }
const jobsUnit = { one: 'job', many: 'jobs' }
const minuteMs = 60_000
const startMs = Date.UTC(2026, 0, 1)

// Made up, and said to be: the sixth to eighth minutes are not known.
const example = (shift: number): readonly ChartPoint[] =>
  Array.from({ length: 24 }, (_, minute) => ({
    x: startMs + minute * minuteMs,
    y: minute > 4 && minute < 8 ? undefined : 20 + ((minute * 7 + shift) % 11),
  }))

const failure = { code: 'UNREACHABLE', message: 'The site cannot be reached.' } as const
const retry = () => undefined
const points = example(2)
const phases: readonly Resource<typeof points>[] = [
  { phase: 'loading' },
  { phase: 'ready', value: points, raw: points, atMs: Date.now(), stale: failure, retry },
  { phase: 'failed', failure, retry },
]

export function ChartSample() {
  const blocks = recentBlocks.value.slice(0, 40).toReversed()
  return (
    <>
      <LazyChart
        title="Transactions of the newest blocks"
        kind="bars"
        xKind="number"
        xLabel="Block"
        unit={{ one: 'transaction', many: 'transactions' }}
        series={[
          { name: 'Transactions', points: blocks.map((b) => ({ x: b.height, y: b.tx_count })) },
        ]}
        empty={empty}
      />
      <LazyChart
        title="Example: two nodes, with a gap"
        kind="line"
        xKind="time"
        xLabel="Minute"
        unit={blocksUnit}
        series={[
          { name: 'Node A', points: example(0) },
          { name: 'Node B', points: example(5) },
        ]}
        empty={empty}
      />
      <LazyChart
        title="Example: no figures"
        kind="bars"
        xKind="number"
        xLabel="Block"
        unit={jobsUnit}
        series={[]}
        empty={empty}
      />
      {phases.map((resource) => (
        <div key={resource.phase}>
          <Loaded
            resource={resource}
            what="the jobs a minute"
            loading={<ChartSkeleton title="Example: loading" />}
          >
            {(jobs) => (
              <LazyChart
                title="Example: an area, stale"
                kind="area"
                xKind="time"
                xLabel="Minute"
                unit={jobsUnit}
                series={[{ name: 'Jobs', points: jobs }]}
                empty={empty}
              />
            )}
          </Loaded>
        </div>
      ))}
    </>
  )
}
