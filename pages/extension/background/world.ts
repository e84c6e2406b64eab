/**
 * All that the background knows, each in one place: permissions, activity and network outlive the browser;
 * what waits and the unlocked session end with it.
 */

import type { VaultSession } from '../../shared/vault/vault.ts'
import type { BrowserApi } from '../browser-api.ts'
import type { Activity } from './activity.ts'
import type { Network } from './node.ts'
import type { Permissions } from './permissions.ts'
import { emptyQueue, type Queue } from './queue.ts'
import { type Cell, createCell } from './store.ts'

/** Tabs whose pages are connected, by origin: who hears of changes. */
export type ConnectedTabs = readonly { readonly tabId: number; readonly origin: string }[]

export type World = {
  readonly permissions: Cell<Permissions>
  readonly activity: Cell<readonly Activity[]>
  readonly network: Cell<Network | undefined>
  /** Address of the account that is used by default. */
  readonly selected: Cell<string | undefined>
  readonly queue: Cell<Queue>
  readonly tabs: Cell<ConnectedTabs>
  readonly session: Cell<VaultSession | undefined>
  /** The one approval window that may be open. */
  readonly windowId: Cell<number | undefined>
}

export function openWorld({ local, session }: BrowserApi['storage']): World {
  return {
    permissions: createCell<Permissions>(local, 'permissions', []),
    activity: createCell<readonly Activity[]>(local, 'activity', []),
    network: createCell<Network | undefined>(local, 'network', undefined),
    selected: createCell<string | undefined>(local, 'selected', undefined),
    queue: createCell<Queue>(session, 'queue', emptyQueue),
    tabs: createCell<ConnectedTabs>(session, 'tabs', []),
    session: createCell<VaultSession | undefined>(session, 'session', undefined),
    windowId: createCell<number | undefined>(session, 'window', undefined),
  }
}
