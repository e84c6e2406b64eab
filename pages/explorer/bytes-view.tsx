/** Canonical bytes as a dump with their fields beside it; name and signatures are recomputed here. */
import { useEffect, useState } from 'preact/hooks'
import { explorerPath } from '../shared/addresses.ts'
import { inspect } from '../shared/light/client.ts'
import type { Inspected } from '../shared/light/messages.ts'
import { useResource } from '../shared/live/resource.ts'
import { maybe, object, text } from '../shared/live/shape.ts'
import { CopyButton } from '../shared/ui/copy.tsx'
import { Hash } from '../shared/ui/hash.tsx'
import { Pairs } from '../shared/ui/pairs.tsx'
import { Loaded, Skeleton } from '../shared/ui/states.tsx'
import { Verdict } from '../shared/ui/verdict.tsx'
import type { CanonicalBytesProps, Piece } from './canonical-bytes.tsx'

/** Of a block, a transaction, or both of its parts. */
const bytesAnswer = object({
  header: maybe(text),
  bytes: maybe(text),
  outcome_bytes: maybe(text),
})
type Answer = {
  header?: string | undefined
  bytes?: string | undefined
  outcome_bytes?: string | undefined
}

export function BytesView({ pieces, source }: CanonicalBytesProps) {
  const found = useResource(source, bytesAnswer)
  return (
    <Loaded
      resource={found}
      what="the bytes"
      loading={
        <p>
          <Skeleton size={16} />
        </p>
      }
    >
      {(answer) => (
        <>
          {pieces.map((piece) => (
            <OnePiece key={piece.kind} piece={piece} answer={answer} />
          ))}
        </>
      )}
    </Loaded>
  )
}

/** What scrolls must be within reach of the keyboard. */
const scrollsAs = (label: string) => ({ tabIndex: 0, role: 'region', 'aria-label': label }) as const

type Taken = { readonly hex: string; readonly inspected: Inspected }

function OnePiece({ piece, answer }: { piece: Piece; answer: Answer }) {
  const [taken, setTaken] = useState<Taken>()
  const { kind, from } = piece
  const whole =
    (kind === 'header'
      ? answer.header
      : kind === 'outcome' || from === 'outcome'
        ? answer.outcome_bytes
        : answer.bytes) ?? ''
  useEffect(() => {
    let isCurrent = true
    void takeApart(piece, whole).then((result) => isCurrent && setTaken(result))
    return () => {
      isCurrent = false
    }
  }, [kind, whole])
  if (taken === undefined) return <Skeleton size={16} />
  const { hex, inspected } = taken
  return (
    <section class="bytes">
      <div class="section-head">
        <h3>{piece.name.charAt(0).toUpperCase() + piece.name.slice(1)}</h3>
        <span class="bytes-actions small">
          <span class="muted">{(hex.length / 2).toLocaleString('en')} bytes</span>
          <CopyButton value={hex} what={`bytes of the ${piece.name}`} />
          <button
            type="button"
            class="text-button"
            onClick={() => download(`${kind}-${(piece.hash ?? hex).slice(0, 14)}.bin`, hex)}
          >
            Download<span class="visually-hidden"> bytes of the {piece.name}</span>
          </button>
        </span>
      </div>
      {inspected.ok ? <Judged piece={piece} inspected={inspected} /> : null}
      <div class="bytes-sides">
        <div class="listing bytes-dump" {...scrollsAs(`Dump: ${piece.name}`)}>
          <pre>
            <code>{dumpOf(hex)}</code>
          </pre>
        </div>
        {inspected.ok ? (
          <Pairs pairs={inspected.fields.map(({ name, value }) => [name, shownOf(name, value)])} />
        ) : (
          <Verdict of="These bytes" verdict={{ state: 'unverifiable', reason: inspected.reason }} />
        )}
      </div>
    </section>
  )
}

async function takeApart({ kind, hash, from }: Piece, whole: string): Promise<Taken> {
  const inspected = await inspect(from ?? kind, whole)
  if (from === undefined || !inspected.ok) return { hex: whole, inspected }
  // Of several payments in one transaction, the one that names this receipt.
  for (const hex of inspected.parts) {
    const part = await inspect(kind, hex)
    const digits = hash?.replace(/^0x/, '')
    if (part.ok && part.fields.some(({ value }) => value === digits))
      return { hex, inspected: part }
  }
  const reason = 'The transaction holds no payment for this receipt.'
  return { hex: whole, inspected: { ok: false, reason } }
}

type JudgedProps = { piece: Piece; inspected: Extract<Inspected, { ok: true }> }

function Judged({ piece: { hash }, inspected: { hash: is, signatures } }: JudgedProps) {
  const broken = signatures.filter(({ holds }) => !holds).map(({ of }) => of)
  const isOther = is !== undefined && hash !== undefined && is !== hash
  if (is === undefined && signatures.length === 0) return null
  const faults = [
    ...(isOther ? [`They hash to ${is}, and the page names ${hash}.`] : []),
    ...broken.map((of) => `The signature of ${of} does not hold.`),
  ]
  if (faults.length > 0) {
    return (
      <Verdict
        of="Hash and signature"
        verdict={{ state: 'unverifiable', reason: faults.join(' ') }}
      />
    )
  }
  const held = signatures.map(({ of }) => `The signature of ${of} holds.`).join(' ')
  return (
    <Verdict
      of={`${is === undefined ? 'Signature' : 'Hash and signature'}, recomputed here`}
      verdict={{ state: 'verified' }}
    >
      {is === undefined ? null : (
        <>
          Hash <span class="mono break">{is}</span>.{' '}
        </>
      )}
      {held}
    </Verdict>
  )
}

function shownOf(name: string, value: string) {
  if (value.startsWith('aitbc1')) {
    return <Hash value={value} what={name} href={explorerPath.address(value)} whole />
  }
  return value.length > 20 ? (
    <Hash value={value} what={name} whole />
  ) : (
    <span class="mono">{value}</span>
  )
}

const lineBytes = 16

/** Offset and sixteen bytes a line. */
function dumpOf(hex: string): string {
  const lines: string[] = []
  for (let at = 0; at < hex.length; at += lineBytes * 2) {
    const bytes = hex.slice(at, at + lineBytes * 2).match(/../g) ?? []
    lines.push(`${(at / 2).toString(16).padStart(4, '0')}  ${bytes.join(' ')}`)
  }
  return lines.join('\n')
}

function download(name: string, hex: string): void {
  const bytes = Uint8Array.from(hex.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16))
  const url = URL.createObjectURL(new Blob([bytes], { type: 'application/octet-stream' }))
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(url), 1_000)
}
