/** The rows of a page, checked one after the other in this browser when the reader asks for it. */
import { useEffect, useRef, useState } from 'preact/hooks'
import { announce } from '../frame/announce.ts'
import { check } from '../light/client.ts'
import type { Checked } from '../light/messages.ts'
import { CautionShape, VerifiedShape, WaitingShape } from '../ui/icon.tsx'
import type { Column } from '../ui/table.tsx'
import { Verdict } from '../ui/verdict.tsx'
import type { ListDefinition } from './definition.ts'

/** What became of each row that was checked, by its key. */
export type Marks = ReadonlyMap<string, Checked>

export const noMarks: Marks = new Map()

/** Rows that cannot be verified and are named with their reasons. */
const namedMax = 3

type VerifyRowsProps<T> = {
  list: ListDefinition<T>
  rows: readonly T[]
  marks: Marks
  mark: (change: (marks: Marks) => Marks) => void
}

export function VerifyRows<T>({ list, rows, marks, mark }: VerifyRowsProps<T>) {
  const { proof } = list
  const [isBusy, setBusy] = useState(false)
  const isHere = useRef(true)
  useEffect(
    () => () => {
      isHere.current = false
    },
    [],
  )
  if (proof === undefined) return null
  if (typeof proof === 'string') return <p class="small muted verify-rows">{proof}</p>
  const left = rows.filter((row) => marks.get(list.keyOf(row))?.state !== 'verified')
  const verify = async () => {
    setBusy(true)
    for (const row of left) {
      if (!isHere.current) return
      const checked = await check(proof.asked(row))
      if (!isHere.current) return
      mark((before) => new Map(before).set(list.keyOf(row), checked))
    }
    setBusy(false)
    announce(`Checked ${left.length} ${list.noun}`)
  }
  return (
    <div class="verify-rows">
      {isBusy || left.length === 0 ? null : (
        <button type="button" class="button button-small" onClick={() => void verify()}>
          {left.length === rows.length
            ? 'Verify this page'
            : `Verify ${left.length} more of this page`}
        </button>
      )}
      <Sum list={list} rows={rows} marks={marks} isBusy={isBusy} />
    </div>
  )
}

type SumProps<T> = Omit<VerifyRowsProps<T>, 'mark'> & { isBusy: boolean }

function Sum<T>({ list, rows, marks, isBusy }: SumProps<T>) {
  const all = rows.flatMap((row) => {
    const key = list.keyOf(row)
    const checked = marks.get(key)
    return checked ? [{ key, checked }] : []
  })
  if (isBusy) {
    return (
      <span class="small muted" role="status">
        {`Checking: ${all.length} of ${rows.length}`}
      </span>
    )
  }
  if (all.length === 0) {
    return <span class="small muted">Not checked yet: so far this is what the site says.</span>
  }
  const wrong = all.flatMap(({ key, checked }) =>
    checked.state === 'unverifiable' ? [`${short(key)}: ${checked.reason}`] : [],
  )
  const waiting = all.filter(({ checked }) => checked.state === 'not-final').length
  const good = all.length - wrong.length - waiting
  const of = `${good} of ${rows.length} ${list.noun}`
  if (wrong.length > 0) {
    const more = wrong.length > namedMax ? ` And ${wrong.length - namedMax} more.` : ''
    const reason = wrong.slice(0, namedMax).join(' ') + more
    return <Verdict of={`${of} hold`} verdict={{ state: 'unverifiable', reason }} />
  }
  const left = typeof list.proof === 'object' ? list.proof.left : ''
  const waits = waiting === 0 ? '' : `${waiting} not yet final. `
  return (
    <Verdict of={of} verdict={{ state: good === 0 ? 'not-final' : 'verified' }}>
      {`${waits}Checked by this browser against the newest final block. ${left}`}
    </Verdict>
  )
}

/** The columns with a mark before the first cell of each row that was checked. */
export function marked<T, C extends Column<T>>(
  columns: readonly C[],
  keyOf: (row: T) => string,
  marks: Marks,
): readonly C[] {
  const [first, ...others] = columns
  if (marks.size === 0 || first === undefined) return columns
  const cell = (row: T) => (
    <span class="marked">
      <Mark checked={marks.get(keyOf(row))} />
      {first.cell(row)}
    </span>
  )
  return [{ ...first, cell }, ...others]
}

const signs = {
  verified: [VerifiedShape, 'Verified'],
  'not-final': [WaitingShape, 'Not yet final'],
  unverifiable: [CautionShape, 'Cannot verify'],
} as const

function Mark({ checked }: { checked: Checked | undefined }) {
  if (checked === undefined) return null
  const [Shape, word] = signs[checked.state]
  const why = checked.state === 'verified' ? word : `${word}: ${checked.reason}`
  return (
    <span class={`row-mark row-mark-${checked.state}`} title={why}>
      <Shape />
      <span class="visually-hidden">{word}. </span>
    </span>
  )
}

const short = (key: string): string =>
  key.length > 20 ? `${key.slice(0, 10)}…${key.slice(-6)}` : key
