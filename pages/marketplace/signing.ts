/** What happens around a signature of the wallet for the market: hand over, come back, carry out, try again. */
import { useEffect, useRef, useState } from 'preact/hooks'
import type { Result } from '../../core/base/result.ts'
import { noStorage } from '../shared/funding.tsx'
import { forgetAnswer, handOver, type SignWish, signAnswer } from '../shared/hand-over.ts'
import type { SendFailure } from '../shared/live/send.ts'
import type { Trouble } from '../shared/ui/trouble.tsx'

export type Signing =
  | { readonly at: 'idle' }
  | { readonly at: 'declined' }
  | { readonly at: 'sending' }
  /** `again`: whether the same bytes may be sent once more. */
  | { readonly at: 'failed'; readonly trouble: Trouble; readonly again: boolean }

type Plan<T> = {
  /** Names the wish: the same for the same thing. */
  readonly id: string
  /** Sends the signed bytes, hex. */
  readonly carryOut: (bytes: string) => Promise<Result<T, SendFailure>>
  readonly onDone: (value: T) => void
}

/** Carries out what the wallet signed, once, when the page comes back with it. */
export function useSigning<T>({ id, carryOut, onDone }: Plan<T>) {
  const [signing, setSigning] = useState<Signing>({ at: 'idle' })
  const begun = useRef('')
  const run = async () => {
    const answer = signAnswer(id)
    if (!answer) return
    if (answer.outcome === 'declined') {
      forgetAnswer()
      return setSigning({ at: 'declined' })
    }
    setSigning({ at: 'sending' })
    const sent = await carryOut(answer.bytes)
    if (sent.ok) {
      forgetAnswer()
      return onDone(sent.value)
    }
    // A refusal is an answer: the same bytes would be refused again, and no money has moved.
    const isRefused = sent.error.code === 'REFUSED' && sent.error.status < 500
    if (isRefused) forgetAnswer()
    setSigning({ at: 'failed', trouble: troubleOf(sent.error, isRefused), again: !isRefused })
  }
  useEffect(() => {
    if (begun.current === id) return
    begun.current = id
    void run()
  }, [id])
  const begin = (wish: Omit<SignWish, 'id' | 'deliver'>): Trouble | undefined =>
    handOver({ ...wish, id, deliver: 'give' }) ? undefined : noStorage
  return { signing, begin, retry: () => void run() }
}

function troubleOf({ message, siteCode }: SendFailure, isRefused: boolean): Trouble {
  if (!isRefused) {
    return {
      happened: message,
      money: 'It may or may not have arrived; what you signed can be carried out once only.',
      remedy: 'Try again: the same signature is sent.',
    }
  }
  const money = 'What you signed was not carried out, so nothing was paid.'
  return siteCode === 'BALANCE_TOO_LOW'
    ? {
        happened: 'Your account does not cover the total and the fee of the chain.',
        money,
        remedy: 'Add funds in your wallet, or ask for less.',
      }
    : { happened: message, money, remedy: 'Look at it again and sign anew.' }
}
