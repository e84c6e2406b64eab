import { toast } from '../../shared/ui/toast.tsx'

export function ToastSample() {
  return (
    <button type="button" class="button" onClick={() => toast('Saved the labels in this browser')}>
      Save labels
    </button>
  )
}
