/** The part of the browsers' extension API that is used: the same promises in Firefox and Chromium. */

type Listeners<F> = { addListener(listener: F): void }

/** Who sent a message, in the browser's words. */
export type Sender = {
  readonly id?: string
  readonly url?: string
  readonly origin?: string
  readonly frameId?: number
  readonly tab?: { readonly id?: number }
}

export type Port = {
  readonly name: string
  readonly sender?: Sender
  postMessage(message: unknown): void
  disconnect(): void
  readonly onMessage: Listeners<(message: unknown) => void>
  readonly onDisconnect: Listeners<() => void>
}

export type StorageArea = {
  get(key: string): Promise<Record<string, unknown>>
  set(items: Record<string, unknown>): Promise<void>
  remove(key: string): Promise<void>
}

export type BrowserApi = {
  readonly runtime: {
    readonly id?: string
    getURL(path: string): string
    getManifest(): { readonly version: string }
    connect(options: { readonly name: string }): Port
    sendMessage(message: unknown): Promise<unknown>
    readonly onConnect: Listeners<(port: Port) => void>
    readonly onMessage: Listeners<
      (message: unknown, sender: Sender, answer: (value: unknown) => void) => boolean | undefined
    >
    readonly onInstalled: Listeners<(details: { readonly reason: string }) => void>
  }
  readonly storage: {
    readonly local: StorageArea
    readonly session: StorageArea
    readonly onChanged: Listeners<() => void>
  }
  readonly alarms: {
    create(name: string, options: { readonly when: number }): Promise<void> | undefined
    clear(name: string): Promise<boolean>
    readonly onAlarm: Listeners<(alarm: { readonly name: string }) => void>
  }
  readonly tabs: {
    create(options: { readonly url: string }): Promise<unknown>
    sendMessage(
      tabId: number,
      message: unknown,
      options: { readonly frameId: number },
    ): Promise<unknown>
    readonly onRemoved: Listeners<(tabId: number) => void>
  }
  readonly windows: {
    create(options: {
      readonly url: string
      readonly type: 'popup'
      readonly width: number
      readonly height: number
      readonly focused: boolean
    }): Promise<{ readonly id?: number }>
    update(id: number, options: { readonly focused?: boolean }): Promise<unknown>
    remove(id: number): Promise<void>
    readonly onRemoved: Listeners<(windowId: number) => void>
  }
  readonly action: {
    setBadgeText(options: { readonly text: string }): Promise<void>
    setBadgeBackgroundColor(options: { readonly color: string }): Promise<void>
  }
}

const host = globalThis as unknown as { browser?: BrowserApi; chrome?: BrowserApi }

/** `browser` in Firefox, `chrome` in Chromium. */
export const browserApi = (): BrowserApi => {
  const api = host.browser?.runtime ? host.browser : host.chrome
  if (!api) throw new Error('not inside an extension')
  return api
}
