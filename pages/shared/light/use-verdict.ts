/** A hook for what the light client says of a fact that the page shows. */
import { useEffect, useState } from 'preact/hooks'
import { chainEdge } from '../live/chain.ts'
import { check } from './client.ts'
import type { Asked, Checked, Subject } from './messages.ts'

/** How often a fact that differs is looked at again, since it may just be changing. */
const triesMax = 3
const pauseMs = 1_000

/**
 * The verdict on `asked`, again whenever what is shown changes, and with each block until it is verified.
 * Undefined while the first check runs.
 */
export function useVerdict(asked: Asked): Checked | undefined {
  const question = JSON.stringify(asked, (_, value: unknown) =>
    typeof value === 'bigint' ? value.toString() : value,
  )
  const [held, setHeld] = useState<{ subject: string; checked: Checked }>()
  const subject = JSON.stringify(asked.subject)
  const known = held?.subject === subject ? held.checked : undefined
  const edge = known?.state === 'verified' ? '' : chainEdge.value
  useEffect(() => {
    let isCurrent = true
    void settledVerdict(asked, () => isCurrent).then((checked) => {
      if (isCurrent && checked) setHeld({ subject, checked })
    })
    return () => {
      isCurrent = false
    }
  }, [question, edge])
  return known
}

/** What a block holds stays; what the state holds goes on. */
const mayChange = ({ kind }: Subject): boolean =>
  kind === 'account' || kind === 'escrow' || kind === 'booking' || kind === 'bond'

async function settledVerdict(
  asked: Asked,
  isCurrent: () => boolean,
): Promise<Checked | undefined> {
  for (let tries = 1; ; tries++) {
    const checked = await check(asked)
    const isOther = checked.state === 'unverifiable' && checked.code === 'SHOWN_OTHERWISE'
    if (!isOther || !mayChange(asked.subject) || tries === triesMax || !isCurrent()) return checked
    await new Promise((resolve) => setTimeout(resolve, pauseMs))
    if (!isCurrent()) return undefined
  }
}
