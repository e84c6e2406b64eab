/**
 * Labels that a reader gives to addresses and hashes. They are kept in this browser, sent nowhere, and
 * shown beside the value wherever the explorer shows it.
 */
import { signal } from '@preact/signals'

/** Label by the value that it names. */
export type OwnLabels = Readonly<Record<string, string>>

export const labelLimits = { labelsMax: 1_000, labelChars: 40, valueChars: 200 } as const

const storageKey = 'aitbc:labels'

/** The labels of this browser; empty until `readOwnLabels`, so that other pages pay nothing for them. */
export const ownLabels = signal<OwnLabels>({})

/** Reads the labels, and follows what other tabs do; call once. */
export function readOwnLabels(): void {
  ownLabels.value = stored()
  window.addEventListener('storage', (event) => {
    if (event.key === storageKey || event.key === null) ownLabels.value = stored()
  })
}

/** Names a value; an empty label takes it away. Says whether the browser kept it. */
export function setOwnLabel(value: string, label: string): boolean {
  const { [value]: _old, ...others } = ownLabels.value
  const words = tidyLabel(label)
  return keep(words === '' ? others : { ...others, [value]: words })
}

/** Adds labels to those that are there; the new one wins. Says whether the browser kept them. */
export const addOwnLabels = (more: OwnLabels): boolean => keep({ ...ownLabels.value, ...more })

/** Forgets all. */
export const clearOwnLabels = (): boolean => keep({})

/** One line of text, without what would hide or turn it. */
export const tidyLabel = (label: string): string =>
  label
    .replaceAll(/[\p{Cc}\p{Cf}\s]+/gu, ' ')
    .trim()
    .slice(0, labelLimits.labelChars)

/** Reads labels out of a text that anybody may have changed; undefined when it holds none at all. */
export function parseLabels(text: string): OwnLabels | undefined {
  try {
    const found: unknown = JSON.parse(text)
    const labels = (found as { labels?: unknown } | null)?.labels
    if (typeof labels !== 'object' || labels === null || Array.isArray(labels)) return undefined
    return Object.fromEntries(
      Object.entries(labels)
        .filter((entry): entry is [string, string] => isLabel(entry))
        .map(([value, label]) => [value, tidyLabel(label)] as const)
        .slice(0, labelLimits.labelsMax),
    )
  } catch {
    return undefined
  }
}

/** Labels as a file, and as they are stored. */
export const formatLabels = (labels: OwnLabels): string =>
  `${JSON.stringify({ version: 1, labels }, null, 2)}\n`

/** An address, a hash or a key; never a name that objects have of themselves. */
const isLabel = ([value, label]: [string, unknown]): boolean =>
  /^(?:0x)?[0-9a-z]{32,}$/.test(value) &&
  value.length <= labelLimits.valueChars &&
  typeof label === 'string' &&
  tidyLabel(label) !== ''

function stored(): OwnLabels {
  try {
    return parseLabels(localStorage.getItem(storageKey) ?? '') ?? {}
  } catch {
    return {}
  }
}

function keep(labels: OwnLabels): boolean {
  const entries = Object.entries(labels)
  if (entries.length > labelLimits.labelsMax) return false
  ownLabels.value = labels
  try {
    if (entries.length === 0) localStorage.removeItem(storageKey)
    else localStorage.setItem(storageKey, formatLabels(labels))
    return true
  } catch {
    // Storage may be forbidden by the browser; the labels then last as long as the page.
    return false
  }
}
