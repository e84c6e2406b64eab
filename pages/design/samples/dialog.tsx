import { useState } from 'preact/hooks'
import { Amount } from '../../shared/ui/amount.tsx'
import { ConfirmDialog, Dialog } from '../../shared/ui/dialog.tsx'

type Shown = 'plain' | 'danger' | undefined

export function DialogSample() {
  const [shown, setShown] = useState<Shown>()
  const close = () => setShown(undefined)
  return (
    <div class="demo-row">
      <button type="button" class="button" onClick={() => setShown('plain')}>
        What is an escrow?
      </button>
      <button type="button" class="button button-danger" onClick={() => setShown('danger')}>
        Close escrow
      </button>
      <Dialog open={shown === 'plain'} title="What is an escrow?" onClose={close}>
        <p>
          Funds that you lock for a coordinator. It can spend them only on jobs that you signed.
        </p>
        <p>
          <a href="/docs/getting-started.html">How buying works</a>
        </p>
      </Dialog>
      <ConfirmDialog
        open={shown === 'danger'}
        title="Close escrow 7?"
        confirm="Close escrow"
        cost={
          <>
            You get back <Amount units={420_000_000n} />
          </>
        }
        onConfirm={async () => ({
          happened: 'Nothing was closed: this is an example.',
          money: 'Your funds are where they were.',
          remedy: 'Go back, or try again and read this once more.',
        })}
        onClose={close}
      >
        <p>Jobs that are running are still paid. New ones are refused. This cannot be undone.</p>
      </ConfirmDialog>
    </div>
  )
}
