/** Copies a value in one click and says so, to eyes and to screen readers. */
import { useState } from 'preact/hooks'
import { announce } from '../frame/announce.ts'
import { CopyIcon, TickIcon } from './icon.tsx'

const confirmedMs = 1_500

/** `what` completes "Copy …", such as "block hash". */
export function CopyButton({ value, what }: { value: string; what: string }) {
  const [copied, setCopied] = useState(false)
  const copy = async () => {
    const done = await writeClipboard(value)
    announce(done ? `Copied ${what}` : `Could not copy ${what}; select it and copy by hand`)
    setCopied(done)
    setTimeout(() => setCopied(false), confirmedMs)
  }
  return (
    <button
      type="button"
      class="copy"
      title={`Copy ${what}`}
      aria-label={`Copy ${what}`}
      data-copied={copied || undefined}
      onClick={copy}
    >
      {copied ? <TickIcon /> : <CopyIcon />}
    </button>
  )
}

/** Text that is copied as it stands, such as a command. */
export function CopyListing({ text, what }: { text: string; what: string }) {
  return (
    <div class="listing">
      <pre>
        <code>{text}</code>
      </pre>
      <CopyButton value={text} what={what} />
    </div>
  )
}

async function writeClipboard(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text)
    return true
  } catch {
    return false
  }
}
