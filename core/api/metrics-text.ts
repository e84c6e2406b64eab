/**
 * Metrics as Prometheus reads them: text format 0.0.4. Pure and small; the usual library looks into the
 * process as soon as it is loaded, which the Worker's runtime has none of.
 */

/** Media type of the text. */
export const metricsMediaType = 'text/plain; version=0.0.4; charset=utf-8'

/** One value with its labels. */
export type Sample = {
  readonly labels?: Readonly<Record<string, string>>
  readonly value: number | bigint
}

/** One name with all its values. Counters end in `_total`. */
export type Metric = {
  readonly name: string
  readonly type: 'counter' | 'gauge'
  readonly help: string
  readonly samples: readonly Sample[]
}

/** The text of all metrics, in their order. */
export const metricsText = (metrics: readonly Metric[]): string =>
  metrics.map((metric) => `${metricText(metric)}\n`).join('\n')

const metricText = ({ name, type, help, samples }: Metric): string =>
  [
    `# HELP ${name} ${help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}`,
    `# TYPE ${name} ${type}`,
    ...samples.map(({ labels, value }) => `${name}${labelsText(labels)} ${value}`),
  ].join('\n')

function labelsText(labels: Sample['labels']): string {
  const entries = Object.entries(labels ?? {})
  if (entries.length === 0) return ''
  return `{${entries.map(([name, value]) => `${name}="${escaped(value)}"`).join(',')}}`
}

const escaped = (value: string): string =>
  value.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('"', '\\"')
