/** Plain words for what a transaction does and for why it failed. */

const kinds: Record<string, string> = {
  transfer: 'Transfer',
  faucet: 'Faucet gift',
  escrow_open: 'Open escrow',
  escrow_top_up: 'Top up escrow',
  escrow_close: 'Close escrow',
  delegate_grant: 'Grant delegate',
  delegate_revoke: 'Revoke delegate',
  settle: 'Settle jobs',
}

/** Kinds of a newer chain are shown by their own name. */
export const kindWords = (kind: string): string => kinds[kind.toLowerCase()] ?? kind

/** `insufficient_balance` → `insufficient balance`. */
export const codeWords = (code: string): string => code.replaceAll('_', ' ')

/** `escrow_id` → `Escrow id`. */
export const fieldWords = (name: string): string =>
  codeWords(name.charAt(0).toUpperCase() + name.slice(1))
