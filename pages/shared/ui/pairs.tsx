/** Facts about one thing: label and value, one a row. Entries without a value are left out. */
import type { ComponentChildren } from 'preact'

export type Pair = readonly [label: string, value: ComponentChildren]

export function Pairs({ pairs }: { pairs: readonly (Pair | undefined)[] }) {
  return (
    <dl class="pairs">
      {pairs.map((pair) =>
        pair === undefined ? null : (
          <div key={pair[0]}>
            <dt>{pair[0]}</dt>
            <dd>{pair[1]}</dd>
          </div>
        ),
      )}
    </dl>
  )
}
