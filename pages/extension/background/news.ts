/** Tells connected pages what changed, through the relays of their tabs. */
import type { BrowserApi } from '../browser-api.ts'
import type { EventName, RelayNews } from '../wire.ts'
import type { World } from './world.ts'

const tabsMax = 200

/** Remembers that a tab shows a page of this origin which is connected. */
export async function rememberTab(world: World, tabId: number, origin: string): Promise<void> {
  await world.tabs.change((tabs) => {
    const known = tabs.some((tab) => tab.tabId === tabId && tab.origin === origin)
    if (known) return tabs
    return [...tabs.filter((tab) => tab.tabId !== tabId), { tabId, origin }].slice(-tabsMax)
  })
}

export async function forgetTab(world: World, tabId: number): Promise<void> {
  await world.tabs.change((tabs) => {
    const kept = tabs.filter((tab) => tab.tabId !== tabId)
    return kept.length === tabs.length ? tabs : kept
  })
}

/** Sends an event to every tab of an origin. Tabs that are gone or elsewhere hear nothing. */
export async function tellOrigin(
  { world, api }: { readonly world: World; readonly api: BrowserApi },
  origin: string,
  event: { readonly event: EventName; readonly data: unknown },
): Promise<void> {
  const news: RelayNews = { origin, ...event }
  for (const tab of await world.tabs.read()) {
    if (tab.origin !== origin) continue
    await api.tabs.sendMessage(tab.tabId, news, { frameId: 0 }).catch(() => undefined)
  }
}
