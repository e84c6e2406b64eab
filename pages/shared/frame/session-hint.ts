/**
 * What this browser remembers of being signed in: whose account and until when. The session itself is in a
 * cookie that no script can read; this only saves pages a question to the site.
 */

export type SessionHint = { readonly address: string; readonly expiresAtMs: number }

const storageKey = 'aitbc:session'

/** Whether another tab signed in or out, by an event of storage. */
export const isSessionKey = (key: string | null): boolean => key === null || key === storageKey

/** The session that may be there; undefined when there is none or its time is over. */
export function sessionHint(): SessionHint | undefined {
  try {
    const found = JSON.parse(
      localStorage.getItem(storageKey) ?? 'null',
    ) as Partial<SessionHint> | null
    const { address, expiresAtMs } = found ?? {}
    const isWhole = typeof address === 'string' && /^aitbc1[0-9a-z]{20,60}$/.test(address)
    if (!isWhole || typeof expiresAtMs !== 'number' || expiresAtMs <= Date.now()) return undefined
    return { address, expiresAtMs }
  } catch {
    return undefined
  }
}

/** Remembers a session, or with `undefined` that there is none. */
export function keepSessionHint(hint: SessionHint | undefined): void {
  try {
    if (hint) localStorage.setItem(storageKey, JSON.stringify(hint))
    else localStorage.removeItem(storageKey)
  } catch {
    // Without storage each page says "Sign in", and the site knows better.
  }
}
