/** The site's side of signing in: a challenge, and a login with its signature. */

import { moment } from '../explorer/wire.ts'
import { keepSessionHint } from '../shared/frame/session-hint.ts'
import { sendJson } from '../shared/live/send.ts'
import { exactText, object, text } from '../shared/live/shape.ts'
import type { Trouble } from '../shared/ui/trouble.tsx'
import { askTrouble } from './trouble.ts'

const challengeAnswer = object({ message: exactText, nonce: text })
const profileAnswer = object({ address: text, expires_at: moment })

/** A text for an account to sign. */
export const challengeFor = (address: string) =>
  sendJson('/api/v1/auth/challenge', { address }, challengeAnswer)

type Signed = {
  readonly address: string
  readonly message: string
  readonly publicKey: string
  readonly signature: string
}

/** Logs in, and tells the page. Returns what went wrong, or nothing. */
export async function logIn(signed: Signed): Promise<Trouble | undefined> {
  const given = await sendJson(
    '/api/v1/users/login',
    {
      wallet_address: signed.address,
      message: signed.message,
      public_key: signed.publicKey,
      signature: signed.signature,
    },
    profileAnswer,
  )
  if (!given.ok) return { ...askTrouble(given.error), remedy: 'Go back and ask for a new message.' }
  keepSessionHint({ address: signed.address, expiresAtMs: given.value.expires_at })
  document.dispatchEvent(new Event('aitbc:session'))
  return undefined
}
