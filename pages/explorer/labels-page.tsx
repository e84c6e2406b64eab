/** The labels that this browser keeps: all of them, as a file and back, and gone. */
import { useRef, useState } from 'preact/hooks'
import { explorerPath } from '../shared/addresses.ts'
import {
  addOwnLabels,
  clearOwnLabels,
  formatLabels,
  labelLimits,
  ownLabels,
  parseLabels,
} from '../shared/labels/own-labels.ts'
import { ConfirmDialog } from '../shared/ui/dialog.tsx'
import { Hash } from '../shared/ui/hash.tsx'
import { Empty } from '../shared/ui/states.tsx'
import { type Column, Table } from '../shared/ui/table.tsx'
import { toast } from '../shared/ui/toast.tsx'
import { LabelButton } from './label-button.tsx'
import { Title } from './parts.tsx'

type Row = { readonly value: string; readonly label: string }

const columns: readonly Column<Row>[] = [
  {
    label: 'Of',
    cell: ({ value }) => (
      <Hash
        value={value}
        what="labelled value"
        href={value.startsWith('aitbc1') ? explorerPath.address(value) : explorerPath.search(value)}
      />
    ),
  },
  { label: 'Label', cell: ({ value }) => <LabelButton value={value} what={brief(value)} /> },
]

export function LabelsPage() {
  const [asks, setAsks] = useState(false)
  const rows = Object.entries(ownLabels.value)
    .map(([value, label]) => ({ value, label }))
    .sort((a, b) => a.label.localeCompare(b.label))
  return (
    <>
      <Title>Your labels</Title>
      <p class="lead">
        Names that you gave to addresses. They are kept in this browser alone: no site gets them,
        and nobody else sees them. A label says what you believe; nothing on the chain vouches for
        it.
      </p>
      <div class="list-tools">
        <ImportButton />
        {rows.length > 0 ? (
          <>
            <button type="button" class="button button-small" onClick={() => void save()}>
              Save as JSON
            </button>
            <button type="button" class="button button-small" onClick={() => setAsks(true)}>
              Remove all
            </button>
          </>
        ) : null}
      </div>
      {rows.length === 0 ? (
        <Empty title="No labels yet">
          <span>
            Open an <a href="/explorer/txs">address</a> and add a label to it; it then stands beside
            the address wherever the explorer shows it.
          </span>
        </Empty>
      ) : (
        <Table caption="Your labels" columns={columns} rows={rows} keyOf={({ value }) => value} />
      )}
      <ConfirmDialog
        open={asks}
        title="Remove all labels?"
        cost="Costs nothing"
        confirm="Remove all"
        onClose={() => setAsks(false)}
        onConfirm={async () => {
          clearOwnLabels()
          toast('All labels removed')
          return undefined
        }}
      >
        {rows.length} {rows.length === 1 ? 'label goes' : 'labels go'} from this browser. Without a
        saved file there is no way back.
      </ConfirmDialog>
    </>
  )
}

function ImportButton() {
  const file = useRef<HTMLInputElement>(null)
  const [problem, setProblem] = useState('')
  const read = async (chosen: File | undefined) => {
    if (!chosen) return
    const isLarge = chosen.size > fileBytesMax
    const labels = isLarge ? undefined : parseLabels(await chosen.text())
    if (file.current) file.current.value = ''
    const count = Object.keys(labels ?? {}).length
    if (!labels || count === 0) {
      setProblem('This file holds no labels; nothing was changed.')
    } else if (addOwnLabels(labels)) {
      setProblem('')
      toast(`${count} ${count === 1 ? 'label' : 'labels'} added`)
    } else {
      const max = labelLimits.labelsMax.toLocaleString('en')
      setProblem(`The browser did not keep them: at most ${max} labels fit.`)
    }
  }
  return (
    <>
      <label class="button button-small file-button">
        Add from JSON
        <input
          ref={file}
          class="visually-hidden"
          type="file"
          accept="application/json,.json"
          onChange={(event) => void read(event.currentTarget.files?.[0])}
        />
      </label>
      <span role="status" class="small export-failed">
        {problem}
      </span>
    </>
  )
}

/** More than all labels that may be kept. */
const fileBytesMax = 1_000_000

async function save(): Promise<void> {
  try {
    const { saveFile } = await import('../shared/list/export-rows.ts')
    const text = formatLabels(ownLabels.value)
    saveFile('aitbc-labels.json', { text, type: 'application/json' })
    toast('Saved as aitbc-labels.json')
  } catch {
    toast('The site cannot be reached; nothing was saved')
  }
}

const brief = (value: string): string => `${value.slice(0, 10)}…${value.slice(-6)}`
