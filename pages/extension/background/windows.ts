/** The one window in which a person approves or rejects, and the number on the button of the toolbar. */
import type { BrowserApi } from '../browser-api.ts'
import { waitingAsks } from './queue.ts'
import { createMutex } from './store.ts'
import type { World } from './world.ts'

const size = { width: 420, height: 660 } as const

export type ApprovalWindow = {
  /** Opens it when something waits and it is not there, closes it when nothing does; counts what waits. */
  readonly refresh: () => Promise<void>
  /** Whether a window that was closed was ours. */
  readonly wasClosed: (windowId: number) => Promise<boolean>
}

export function createApprovalWindow(api: BrowserApi, world: World): ApprovalWindow {
  const mutex = createMutex()
  const refresh = async () => {
    const waiting = waitingAsks(await world.queue.read()).length
    await api.action.setBadgeText({ text: waiting === 0 ? '' : String(waiting) })
    const shown = await world.windowId.read()
    if (waiting === 0) {
      if (shown === undefined) return
      await world.windowId.change(() => undefined)
      await api.windows.remove(shown).catch(() => undefined)
      return
    }
    // Brought to the front only when it is new: a site cannot take the focus by asking again.
    if (shown !== undefined && (await isThere(api, shown))) return
    const url = api.runtime.getURL('approve.html')
    const opened = await api.windows.create({ url, type: 'popup', focused: true, ...size })
    await world.windowId.change(() => opened.id)
  }
  return {
    refresh: () => mutex(refresh),
    wasClosed: (windowId) =>
      mutex(async () => {
        const isOurs = (await world.windowId.read()) === windowId
        if (isOurs) await world.windowId.change(() => undefined)
        return isOurs
      }),
  }
}

const isThere = (api: BrowserApi, windowId: number): Promise<boolean> =>
  api.windows.update(windowId, {}).then(
    () => true,
    () => false,
  )
