/** The account's address to be paid at: in full, and as a code for cameras. */
import { useMemo } from 'preact/hooks'
import { encode } from 'uqr'
import { Hash } from '../shared/ui/hash.tsx'
import { chosen } from './chosen.ts'

export function Receive() {
  const account = chosen.value
  if (!account) return null
  return (
    <>
      <h1 tabIndex={-1}>Receive</h1>
      <p class="wallet-lead">
        Give this address to whoever pays you. It may be public: nobody can take anything with it.
      </p>
      <div class="receive">
        <QrCode text={account.address} name={`Address of ${account.name} as a code`} />
        <div class="receive-words">
          <p class="tile-label">Address of {account.name}</p>
          <p class="receive-address">
            <Hash value={account.address} what="your address" whole />
          </p>
          <p class="small muted">
            The code holds the address and nothing else. It is drawn by this page; no other site is
            asked.
          </p>
        </div>
      </div>
    </>
  )
}

/** Light modules around it, so that cameras find it on any ground. */
const quietModules = 4

function QrCode({ text, name }: { text: string; name: string }) {
  const { path, size } = useMemo(() => drawn(text), [text])
  return (
    <svg
      class="qr"
      viewBox={`0 0 ${size} ${size}`}
      role="img"
      aria-label={name}
      shape-rendering="crispEdges"
    >
      <rect class="qr-light" width={size} height={size} />
      <path class="qr-dark" d={path} />
    </svg>
  )
}

function drawn(text: string): { path: string; size: number } {
  const { data, size } = encode(text, { ecc: 'M', border: quietModules })
  const path = data
    .flatMap((row, y) => row.map((dark, x) => (dark ? `M${x} ${y}h1v1h-1z` : '')))
    .join('')
  return { path, size }
}
