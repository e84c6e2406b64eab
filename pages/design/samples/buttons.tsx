import { CopyButton, CopyListing } from '../../shared/ui/copy.tsx'

export function ButtonsSample() {
  return (
    <>
      <div class="demo-row">
        <button type="button" class="button button-primary">
          Send payment
        </button>
        <button type="button" class="button">
          Open the explorer
        </button>
        <button type="button" class="button button-danger">
          Close escrow
        </button>
      </div>
      <div class="demo-row">
        <button type="button" class="button button-small">
          Try again
        </button>
        <button type="button" class="button button-small" aria-pressed="true">
          Final only
        </button>
        <button type="button" class="button button-small" aria-disabled="true">
          Older
        </button>
        <button type="button" class="text-button">
          Show as table
        </button>
        <CopyButton value="npm start" what="command" />
      </div>
      <CopyListing text="npm start" what="the command" />
    </>
  )
}
