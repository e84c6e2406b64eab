/** A chart whose code is fetched when the first one is shown, in a box of its final size. */
import { useEffect, useState } from 'preact/hooks'
import type { ChartProps } from './points.ts'

type ChartView = (props: ChartProps) => preact.JSX.Element

export function LazyChart(props: ChartProps) {
  const [view, setView] = useState<{ Chart: ChartView } | 'failed'>()
  useEffect(() => {
    let current = true
    import('./chart.tsx').then(
      ({ Chart }) => current && setView({ Chart }),
      () => current && setView('failed'),
    )
    return () => {
      current = false
    }
  }, [])
  if (view === undefined) return <ChartSkeleton title={props.title} />
  if (view === 'failed') {
    return (
      <div class="note note-failed" role="alert">
        <strong>Could not load the drawing of {props.title.toLowerCase()}</strong>
        <span>Load the page again; the figures themselves are not affected.</span>
      </div>
    )
  }
  return <view.Chart {...props} />
}

/** The box of a chart before its figures are there. */
export function ChartSkeleton({ title }: { title: string }) {
  return (
    <div class="chart-waiting" aria-busy="true">
      <span class="chart-title">{title}</span>
      <span class="skeleton chart-waiting-plot">
        <span class="visually-hidden">Loading</span>
      </span>
    </div>
  )
}
