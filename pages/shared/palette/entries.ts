/** What the palette can offer: places of this site, look-ups on the chain, actions on this page. */
import { explorerPath, readSearch } from '../addresses.ts'
import { chooseTheme } from '../frame/theme.ts'
import { status } from '../live/chain.ts'
import { paused } from '../live/clock.ts'
import { setTimeStyle, timeStyle } from '../ui/time.tsx'
import type { Place } from './recent.ts'

export type EntryKind = 'page' | 'chain' | 'docs' | 'action' | 'recent'

export type Entry = {
  /** Unique among the entries that are shown. */
  readonly id: string
  readonly kind: EntryKind
  readonly label: string
  /** Where it leads or what is so now, in small. */
  readonly hint?: string
  readonly words?: string
  readonly does:
    | { readonly href: string }
    /** Returns why it did not work, or nothing. */
    | { readonly act: () => Promise<string | undefined> | undefined }
}

const lists: readonly (Place & { readonly words?: string })[] = [
  { label: 'Home', href: '/', words: 'start front' },
  { label: 'Blocks', href: explorerPath.blocks, words: 'explorer list' },
  { label: 'Transactions', href: explorerPath.transactions, words: 'explorer list payments' },
  { label: 'Receipts', href: explorerPath.receipts, words: 'explorer list jobs paid' },
  { label: 'Jobs', href: explorerPath.jobs, words: 'explorer list paid work queue' },
  { label: 'Miners', href: explorerPath.miners, words: 'explorer list online earned gpu' },
  { label: 'Nodes', href: explorerPath.nodes, words: 'explorer sites peers authorities forks lag' },
  { label: 'Figures', href: explorerPath.stats, words: 'explorer stats charts supply accounts' },
  {
    label: 'Broadcast a transaction',
    href: explorerPath.broadcast,
    words: 'explorer send signed raw bytes',
  },
  { label: 'Wallet', href: '/wallet/', words: 'keys accounts balance overview' },
  { label: 'Send', href: '/wallet/send', words: 'wallet pay transfer' },
  { label: 'Receive', href: '/wallet/receive', words: 'wallet address qr code' },
  { label: 'Your labels', href: explorerPath.labels, words: 'explorer private names addresses' },
]

/** What a browser shows as a page, not as data or a licence. */
const isPage = /(?:\/|\.html)$/

/** The pages that every page of this site links to, and the explorer's lists. */
export function pageEntries(page: ParentNode): readonly Entry[] {
  const links = [...page.querySelectorAll<HTMLAnchorElement>('.nav a, .foot-links a')]
    .filter((link) => link.origin === location.origin && isPage.test(link.pathname))
    .map((link) => ({ label: link.textContent ?? '', href: link.pathname + link.hash }))
  const known = new Map<string, Place & { words?: string }>()
  for (const place of [...links, ...lists]) {
    if (!known.has(place.href)) known.set(place.href, place)
  }
  return [...known.values()].map((place) => ({
    id: `page ${place.href}`,
    kind: 'page',
    label: place.label,
    hint: place.href,
    does: { href: place.href },
    ...(place.words !== undefined && { words: place.words }),
  }))
}

/** What a text names on the chain. A hash may name three things; the explorer finds out which. */
export function chainEntries(query: string): readonly Entry[] {
  const meaning = readSearch(query)
  const entry = (label: string, hint: string, href: string): readonly Entry[] => [
    { id: `chain ${href}`, kind: 'chain', label, hint, does: { href } },
  ]
  switch (meaning.kind) {
    case 'height': {
      const height = Number(meaning.value).toLocaleString('en')
      return entry(`Block ${height}`, 'by height', explorerPath.block(meaning.value))
    }
    case 'address':
      return entry(
        `Address ${brief(meaning.value)}`,
        'balance and history',
        explorerPath.address(meaning.value),
      )
    case 'hash':
      return entry(
        `Find ${brief(meaning.value)}`,
        'block, transaction, receipt, escrow or job',
        explorerPath.search(meaning.value),
      )
    case 'id':
      return entry(
        `Find ${brief(meaning.value)}`,
        'job or receipt of this site',
        explorerPath.search(meaning.value),
      )
    case 'nothing':
      // Words alone are for pages and docs; names of machines have more in them.
      return /^[a-z]\w*[-_.:0-9][-\w.:]*$/i.test(query.trim())
        ? entry(
            `Find ${brief(query.trim())}`,
            'miner or your label',
            explorerPath.search(query.trim()),
          )
        : []
  }
}

/** What can be changed on this page, named by what it will do. */
export function actionEntries(): readonly Entry[] {
  const chainId = status.value?.chain_id
  const action = (
    label: string,
    words: string,
    act: () => Promise<string | undefined> | undefined,
    hint?: string,
  ): Entry => ({
    id: `action ${label}`,
    kind: 'action',
    label,
    words,
    does: { act },
    ...(hint !== undefined && { hint }),
  })
  const themes = (['light', 'dark', 'system'] as const).map((theme) =>
    action(`Theme: ${theme}`, 'appearance colour mode night day', () => void chooseTheme(theme)),
  )
  return [
    ...themes,
    paused.value
      ? action('Resume live updates', 'pause stop start', () => setPaused(false))
      : action('Pause live updates', 'stop freeze', () => setPaused(true)),
    timeStyle.value === 'utc'
      ? action('Times: show ages', 'utc relative clock ago', () => void setTimeStyle('relative'))
      : action('Times: show UTC', 'utc relative clock date', () => void setTimeStyle('utc')),
    ...(chainId === undefined
      ? []
      : [action('Copy chain id', 'network clipboard', () => copyText(chainId), chainId)]),
  ]
}

const setPaused = (value: boolean): undefined => {
  paused.value = value
}

async function copyText(text: string): Promise<string | undefined> {
  try {
    await navigator.clipboard.writeText(text)
    return undefined
  } catch {
    return `The browser did not allow the copy. The chain id is ${text}.`
  }
}

const brief = (text: string): string =>
  text.length > 20 ? `${text.slice(0, 10)}…${text.slice(-6)}` : text
