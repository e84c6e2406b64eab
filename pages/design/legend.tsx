/** The finality line: live as it runs under the header, and each kind of cell by itself. */
import { FinalityLineSample } from './samples/finality-line.tsx'

const kinds = [
  { cell: 'cell-final cell-full', words: 'A final block with transactions: tall and filled' },
  { cell: 'cell-final', words: 'A final block without transactions: half and filled' },
  { cell: 'cell-produced cell-full', words: 'A block that is not yet final: hollow' },
  { cell: 'cell-produced', words: 'The same without transactions: half and hollow' },
  { cell: 'cell-empty', words: 'No block was due: a dash' },
  { cell: 'cell-missed', words: 'A block was due and is missing: two bars' },
  { cell: 'cell-unknown', words: 'Not known: a faint dash' },
  { cell: 'cell-before', words: 'Before genesis: nothing' },
] as const

export function LineDemo() {
  return (
    <>
      <div class="demo-line">
        <FinalityLineSample />
      </div>
      <p class="small muted">Above: live, from this chain. Below: drawn as an example.</p>
      <ul class="legend">
        {kinds.map(({ cell, words }) => (
          <li key={cell}>
            <span class="cells" aria-hidden="true">
              <span class={`cell ${cell}`} />
            </span>
            {words}
          </li>
        ))}
      </ul>
    </>
  )
}
