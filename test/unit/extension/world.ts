/** A browser in memory, as far as the extension uses one. */
import type { BrowserApi, StorageArea } from '../../../pages/extension/browser-api.ts'

/** Storage that keeps what JSON keeps, as that of browsers does. */
export function memoryArea(): StorageArea & { readonly held: Map<string, string> } {
  const held = new Map<string, string>()
  return {
    held,
    get: async (key) => {
      const text = held.get(key)
      return text === undefined ? {} : { [key]: JSON.parse(text) as unknown }
    },
    set: async (items) => {
      for (const [key, value] of Object.entries(items)) {
        // As Chromium does: what is undefined changes nothing.
        if (value !== undefined) held.set(key, JSON.stringify(value))
      }
    },
    remove: async (key) => {
      held.delete(key)
    },
  }
}

export type MemoryStorage = Omit<BrowserApi['storage'], 'local' | 'session'> & {
  readonly local: ReturnType<typeof memoryArea>
  readonly session: ReturnType<typeof memoryArea>
}

export const memoryStorage = (): MemoryStorage => ({
  local: memoryArea(),
  session: memoryArea(),
  onChanged: { addListener: () => undefined },
})

/** Lets everything run that waits for nothing else. */
export const settle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve))
