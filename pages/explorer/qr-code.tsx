/** A text as a QR code, on demand: the library comes when the first is opened. */
import { useState } from 'preact/hooks'

type QrCodeProps = {
  text: string
  /** Completes "QR code of this …". */
  what: string
}

type Drawn = { readonly size: number; readonly path: string }

export function QrCode({ text, what }: QrCodeProps) {
  const [drawn, setDrawn] = useState<Drawn>()
  const [isFailed, setFailed] = useState(false)
  const draw = () => {
    setFailed(false)
    import('./qr-matrix.ts').then(
      ({ qrMatrix }) => setDrawn(drawnOf(qrMatrix(text))),
      () => setFailed(true),
    )
  }
  return (
    <details
      class="raw qr"
      onToggle={(event) => {
        if (event.currentTarget.open) draw()
      }}
    >
      <summary>QR code</summary>
      {isFailed ? <p role="alert">It could not be loaded. Close and open to try again.</p> : null}
      {drawn === undefined ? null : (
        <svg
          class="qr-code"
          viewBox={`0 0 ${drawn.size} ${drawn.size}`}
          role="img"
          aria-label={`QR code of this ${what}`}
          shape-rendering="crispEdges"
        >
          <rect class="qr-ground" width={drawn.size} height={drawn.size} />
          <path class="qr-ink" d={drawn.path} />
        </svg>
      )}
    </details>
  )
}

/** One run of dark modules a move. */
function drawnOf(rows: readonly (readonly boolean[])[]): Drawn {
  const parts = rows.flatMap((row, y) =>
    row.flatMap((isDark, x) => (isDark ? [`M${x} ${y}h1v1h-1z`] : [])),
  )
  return { size: rows.length, path: parts.join('') }
}
