/**
 * The votes and commits that a site keeps for blocks above the final one, by slot of their block. Values:
 * every change gives a new table. Bounded for each authority, so that nobody's talk costs another a word.
 */
import { bytesEqual } from '../base/bytes.ts'
import { messagesPerSlotMax, messagesSlotsMax } from './limits.ts'
import type { AuthorityCommit, AuthorityVote } from './vote.ts'

/** Either kind. */
export type Message = AuthorityVote | AuthorityCommit

/** By slot, in order of arrival. */
export type MessageTable<T extends Message> = ReadonlyMap<number, readonly T[]>

/**
 * A table with one more message; the same table when it is there, or when the authority has more for this
 * slot than an honest one could. Of an authority with messages for too many slots the earliest goes. What
 * this site has said itself is never dropped.
 */
export function withMessage<T extends Message>(
  table: MessageTable<T>,
  message: T,
  self: number | undefined,
): MessageTable<T> {
  const slot = slotOf(message)
  const held = table.get(slot) ?? []
  const { authority } = message
  const others = held.filter((other) => other.authority === authority)
  if (others.some((other) => isSame(other, message))) return table
  const isOwn = authority === self
  if (!isOwn && others.length >= messagesPerSlotMax) return table
  const added = new Map(table).set(slot, [...held, message])
  if (!isOwn && added.size > messagesSlotsMax) dropEarliest(added, authority)
  return added
}

function dropEarliest<T extends Message>(
  table: Map<number, readonly T[]>,
  authority: number,
): void {
  const slots = [...table].filter(([, all]) => all.some((one) => one.authority === authority))
  if (slots.length <= messagesSlotsMax) return
  const [slot, all] = slots.reduce((least, entry) => (entry[0] < least[0] ? entry : least))
  const rest = all.filter((one) => one.authority !== authority)
  if (rest.length === 0) table.delete(slot)
  else table.set(slot, rest)
}

const slotOf = (message: Message): number =>
  Number('vote' in message ? message.vote.target.slot : message.commit.slot)

/** Whether two messages say the same, whoever signed them. */
export function isSame(a: Message, b: Message): boolean {
  if ('vote' in a) {
    return (
      'vote' in b &&
      bytesEqual(a.vote.target.block, b.vote.target.block) &&
      bytesEqual(a.vote.source.block, b.vote.source.block)
    )
  }
  return (
    'commit' in b &&
    bytesEqual(a.commit.block, b.commit.block) &&
    a.commit.height === b.commit.height
  )
}

/** Without what is for this slot or an earlier one. */
export const above = <T extends Message>(table: MessageTable<T>, slot: number): MessageTable<T> =>
  new Map([...table].filter(([at]) => at > slot))
