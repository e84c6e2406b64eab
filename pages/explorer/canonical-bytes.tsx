/** The bytes that were hashed and signed, on demand: the view that takes them apart comes with the first. */
import type { ComponentType } from 'preact'
import { useState } from 'preact/hooks'
import type { BytesKind } from '../shared/light/messages.ts'
import { Skeleton } from '../shared/ui/states.tsx'

export type Piece = {
  readonly kind: BytesKind
  /** Completes "Canonical bytes of the …". */
  readonly name: string
  /** What the bytes must hash to; of a payment, the receipt that they must name. */
  readonly hash?: string
  /** The bytes that this is a part of; by itself where absent. */
  readonly from?: 'transaction' | 'outcome'
}

export type CanonicalBytesProps = {
  pieces: readonly Piece[]
  /** Where the site answers with the bytes. */
  source: string
}

type View = ComponentType<CanonicalBytesProps>

let loaded: View | undefined

export function CanonicalBytes(props: CanonicalBytesProps) {
  const [isOpen, setOpen] = useState(false)
  const [, setArrived] = useState(false)
  const [isFailed, setFailed] = useState(false)
  const open = () => {
    setFailed(false)
    import('./bytes-view.tsx').then(
      ({ BytesView }) => {
        loaded = BytesView
        setArrived(true)
      },
      () => setFailed(true),
    )
  }
  const Bytes = loaded
  return (
    <details
      class="raw"
      onToggle={(event) => {
        setOpen(event.currentTarget.open)
        if (event.currentTarget.open && !loaded) open()
      }}
    >
      <summary>Canonical bytes</summary>
      {!isOpen ? null : isFailed ? (
        <p role="alert">The view of bytes could not be loaded. Close and open it to try again.</p>
      ) : Bytes === undefined ? (
        <p aria-busy="true">
          <Skeleton size={16} />
        </p>
      ) : (
        <Bytes {...props} />
      )}
    </details>
  )
}
