/**
 * A wish that one page of this site hands to the wallet, and what became of it. Both are kept for this tab
 * alone: no address of another site can bring a wish along, and a reload loses nothing. The wallet shows
 * what it signs as ever; nothing that a wish says of itself is shown in place of that.
 */
import type { DraftMessage } from './vault/messages.ts'

/** What is to be signed. `send`: the wallet sends it too; `give`: the bytes go back to who asked. */
export type SignWish = {
  /** Names what it is for, so that an answer is none to another wish: `book …`. */
  readonly id: string
  /** Address of the account that signs. */
  readonly account: string
  readonly message: DraftMessage
  readonly deliver: 'send' | 'give'
  /** Path on this site to which the wallet leads back. */
  readonly back: string
  /** What it is for, as a person calls it: "the booking". */
  readonly of: string
}

/** `bytes`: the signed transaction, hex. `hash`: its hash. */
export type SignAnswer =
  | {
      readonly id: string
      readonly outcome: 'signed'
      readonly bytes: string
      readonly hash: string
    }
  | { readonly id: string; readonly outcome: 'declined' }

export const signPath = '/wallet/sign'

const wishKey = 'aitbc:sign-wish'
const answerKey = 'aitbc:sign-answer'

/** Hands a wish to the wallet and goes there. False when this browser keeps nothing. */
export function handOver(wish: SignWish): boolean {
  try {
    sessionStorage.removeItem(answerKey)
    sessionStorage.setItem(wishKey, JSON.stringify(wish))
  } catch {
    return false
  }
  location.assign(signPath)
  return true
}

/** The wish that waits in this tab. */
export function wishWaiting(): SignWish | undefined {
  const found = stored(wishKey) as Partial<SignWish> | undefined
  const { id, account, message, deliver, back, of } = found ?? {}
  const isWhole =
    [id, account, back, of].every((text) => typeof text === 'string' && text !== '') &&
    typeof message?.kind === 'string' &&
    (deliver === 'send' || deliver === 'give')
  return isWhole ? (found as SignWish) : undefined
}

/** Keeps what became of the wish for the page that asked. The wish itself is over. */
export function answerWish(answer: SignAnswer): void {
  try {
    sessionStorage.setItem(answerKey, JSON.stringify(answer))
    sessionStorage.removeItem(wishKey)
  } catch {
    // The page that asked then asks again: what was signed can be carried out once only.
  }
}

/** What became of the wish of this name, if that was the last of this tab. */
export function signAnswer(id: string): SignAnswer | undefined {
  const found = stored(answerKey) as Partial<Extract<SignAnswer, { outcome: 'signed' }>> | undefined
  if (found?.id !== id) return undefined
  if (found.outcome !== 'signed') return { id, outcome: 'declined' }
  const { bytes, hash } = found
  return typeof bytes === 'string' && typeof hash === 'string'
    ? { id, outcome: 'signed', bytes, hash }
    : undefined
}

/** Forgets the answer: it was carried out, or nobody wants it any more. */
export function forgetAnswer(): void {
  try {
    sessionStorage.removeItem(answerKey)
  } catch {
    // Without storage there was none.
  }
}

function stored(key: string): unknown {
  try {
    return JSON.parse(sessionStorage.getItem(key) ?? 'null') ?? undefined
  } catch {
    return undefined
  }
}
