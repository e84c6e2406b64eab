/** Plain words for what a transaction does and for why it failed. */
import { ownWord } from '../shared/own.ts'

/** Kinds of transactions by the names of the protocol. */
export const kinds: Readonly<Record<string, string>> = {
  transfer: 'Transfer',
  faucet: 'Faucet gift',
  escrow_open: 'Open escrow',
  escrow_top_up: 'Top up escrow',
  escrow_close: 'Close escrow',
  authority_change: 'Change authorities',
  delegate_grant: 'Grant delegate',
  delegate_revoke: 'Revoke delegate',
  settle: 'Settle jobs',
  bond: 'Bond',
  unbond: 'Unbond',
  slash: 'Slash bond',
  receipt_claim: 'Claim rewards',
  booking_open: 'Book a machine',
  booking_close: 'Close booking',
  announce: 'Announcement',
}

/** Kinds of a newer chain are shown by their own name. */
export const kindWords = (kind: string): string =>
  ownWord(kinds, kind.toLowerCase()) ?? bounded(kind)

/** `insufficient_balance` → `insufficient balance`. */
export const codeWords = (code: string): string => bounded(code.replaceAll('_', ' '))

const wordsMax = 40

/** A site that speaks a newer dialect, or lies, does not get to break the layout. */
const bounded = (words: string): string =>
  words.length > wordsMax ? `${words.slice(0, wordsMax)}…` : words

/** `escrow_id` → `Escrow id`. */
export const fieldWords = (name: string): string =>
  codeWords(name.charAt(0).toUpperCase() + name.slice(1))
