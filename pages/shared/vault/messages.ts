/**
 * What a page and its vault say to each other. Plain data that survives JSON: amounts and slots are decimal
 * strings, bytes hex, times Unix milliseconds. The vault answers each request once; what changes without a
 * request comes as news.
 */
import type { PreviewLine } from '../../../core/wallet/preview-lines.ts'
import type { MessageRisk } from '../../../core/wallet/preview-message.ts'
import type { Risk } from '../../../core/wallet/preview-risks.ts'

/** Bounds of requests, so that no caller can fill the vault's memory. */
export const vaultLimits = {
  accountsMax: 100,
  nameChars: 40,
  /** Previews that wait to be signed; the oldest goes first. */
  previewsMax: 16,
  previewLifeMs: 600_000,
  autoLockMs: { min: 60_000, default: 600_000, max: 86_400_000 },
  passwordChars: { min: 10, max: 256 },
  fileChars: 1_000_000,
} as const

/** One account. `words`: derived from the backup words at `index`; `key`: from a key that was brought in. */
export type VaultAccount = {
  readonly address: string
  /** 32 bytes, hex. */
  readonly publicKey: string
  readonly name: string
  readonly origin: 'words' | 'key'
  readonly index?: number | undefined
}

/** What anybody with the page may know of the vault. Accounts are named only while it is open. */
export type VaultState =
  | { readonly phase: 'none' }
  | { readonly phase: 'locked'; readonly retryAtMs: number | undefined }
  | {
      readonly phase: 'open'
      readonly accounts: readonly VaultAccount[]
      /** Whether there are backup words, from which more accounts can be made. */
      readonly hasWords: boolean
      /** When it locks itself, unless it is used before. */
      readonly locksAtMs: number
      readonly autoLockMs: number
    }

/** Where keys come from. Words may be 12 or 24; a file is one of ours or of the original network. */
export type Secret =
  | { readonly kind: 'words'; readonly words: string }
  /** An Ed25519 seed: 32 bytes, hex. */
  | { readonly kind: 'seed'; readonly seed: string }
  | {
      readonly kind: 'file'
      readonly text: string
      readonly password: string
      /** The person's yes to taking a key of another curve as a seed, after `OTHER_CURVE`. */
      readonly takeOtherCurve?: boolean | undefined
    }

/** What a transaction is to do. Amounts in base units, times in slots, escrows and keys hex. */
export type DraftMessage =
  | { readonly kind: 'transfer'; readonly to: string; readonly amount: string }
  | {
      readonly kind: 'escrow_open'
      readonly coordinator: string
      readonly amount: string
      readonly expiry: string
      /** A key that may spend from it from the first. */
      readonly delegate?:
        | { readonly key: string; readonly budget: string; readonly expiry: string }
        | undefined
    }
  | {
      readonly kind: 'escrow_top_up'
      readonly escrow: string
      readonly amount: string
      /** Left out: as it is. */
      readonly expiry?: string | undefined
    }
  | { readonly kind: 'escrow_close'; readonly escrow: string }
  | {
      readonly kind: 'delegate_grant'
      readonly escrow: string
      readonly delegate: string
      readonly budget: string
      readonly expiry: string
    }
  | { readonly kind: 'delegate_revoke'; readonly escrow: string; readonly delegate: string }
  | {
      readonly kind: 'booking_open'
      /** Address that is paid. */
      readonly provider: string
      readonly coordinator: string
      /** Hash of what is booked. */
      readonly offer: string
      /** First slot, how many, and the price of each. */
      readonly start: string
      readonly slots: string
      readonly price: string
    }
  | { readonly kind: 'booking_close'; readonly booking: string }

/** What a page knows of the chain; what it does not know raises no flag. */
export type DraftContext = {
  /** Slot by the clock. */
  readonly slot: string
  /** The account's balance in base units, and the nonce that the chain expects next. */
  readonly balance?: string | undefined
  readonly nextNonce?: string | undefined
  /** The person's address book: names by address. The wallet's own accounts are added. */
  readonly names?: Readonly<Record<string, string>> | undefined
  /** Public key of this site's coordinator. */
  readonly coordinator?: string | undefined
  /** What the escrow that is named holds, in base units. */
  readonly escrowBalance?: string | undefined
}

/** A transaction that somebody wants signed. */
export type TransactionDraft = {
  /** Address of the account that signs. */
  readonly account: string
  /** The chain's genesis, as `GET /rpc/genesis` gives it: the vault hashes it itself. */
  readonly genesis: unknown
  readonly nonce: string
  /** Left out: a fee that is enough whatever the state. */
  readonly fee?: string | undefined
  /** Last slot in which a block may hold it. */
  readonly validUntil: string
  readonly message: DraftMessage
  readonly context: DraftContext
}

/** A text that somebody wants signed. */
export type MessageDraft = {
  readonly account: string
  readonly genesis: unknown
  /** Who is named as asking, and signed: an origin such as `https://edge.example.org`, or `cli`. */
  readonly origin: string
  /** Who really asks, as the browser says; left out: the same. */
  readonly requester?: string | undefined
  /** Sites that the person uses, to tell look-alikes. */
  readonly knownOrigins?: readonly string[] | undefined
  /** Digits in the text that the asker knows to be harmless, such as the nonce of a sign-in. */
  readonly knownTexts?: readonly string[] | undefined
  readonly text: string
}

/** What would be signed, read back from the very bytes. `token` signs these bytes, once. */
export type TransactionPreview = {
  readonly token: string
  readonly account: string
  readonly chainId: string
  /** 32 bytes, hex. */
  readonly genesisHash: string
  readonly kind: DraftMessage['kind']
  /** One sentence: "Send 1.5 AITBC to aitbc1…". */
  readonly title: string
  /** Every field of the transaction. */
  readonly lines: readonly PreviewLine[]
  readonly fee: string
  /** Base units that leave the balance at most, fee included; what of it is locked and not spent. */
  readonly leaves: string
  readonly locked: string
  /** Balance afterwards at least; undefined when unknown or when it does not suffice. */
  readonly balanceAfter: string | undefined
  /** Worst first. */
  readonly risks: readonly Risk[]
}

export type MessagePreview = {
  readonly token: string
  readonly account: string
  readonly chainId: string
  readonly genesisHash: string
  /** One sentence: "Sign in to edge.example.org". */
  readonly title: string
  readonly origin: string
  /** The text, with what is invisible in it written out. */
  readonly text: string
  readonly isSignIn: boolean
  readonly risks: readonly MessageRisk[]
}

/** What a page can ask, by name: its request and its answer. */
export type VaultCalls = {
  /** How the vault stands. */
  state: { request: Record<never, never>; answer: VaultState }
  /** Fresh backup words, 12 or 24. Nothing is kept until `create`. */
  newWords: { request: { readonly count: 12 | 24 }; answer: { readonly words: string } }
  /** What is wrong with words that a person types; undefined when they are whole. */
  checkWords: {
    request: { readonly words: string }
    answer: { readonly fault: string | undefined }
  }
  /** Makes the vault, with one account, and opens it. Refused where there is one. */
  create: {
    request: { readonly password: string; readonly secret: Secret; readonly name: string }
    answer: VaultState
  }
  unlock: { request: { readonly password: string }; answer: VaultState }
  /** Forgets the keys, here and in every other tab. */
  lock: { request: Record<never, never>; answer: VaultState }
  /** Somebody is there: puts off the lock. */
  touch: { request: Record<never, never>; answer: VaultState }
  setAutoLock: { request: { readonly autoLockMs: number }; answer: VaultState }
  /** The next account from the backup words. */
  addAccount: { request: { readonly name: string }; answer: VaultAccount }
  /** One more account from a key of its own. */
  importKey: {
    request: {
      readonly secret: Exclude<Secret, { readonly kind: 'words' }>
      readonly name: string
    }
    answer: VaultAccount
  }
  renameAccount: {
    request: { readonly address: string; readonly name: string }
    answer: VaultState
  }
  previewTransaction: { request: TransactionDraft; answer: TransactionPreview }
  /** Canonical signed bytes and their hash, hex (`0x…` the hash, as the site writes it). */
  signTransaction: {
    request: { readonly token: string }
    answer: { readonly bytes: string; readonly hash: string }
  }
  previewMessage: { request: MessageDraft; answer: MessagePreview }
  signMessage: {
    request: { readonly token: string }
    answer: { readonly signature: string; readonly publicKey: string }
  }
  /** Whether a signature is of this text, for this chain and origin. Needs no open vault. */
  verifyMessage: {
    request: Pick<MessageDraft, 'genesis' | 'origin' | 'text'> & {
      /** 32 bytes, hex. */
      readonly publicKey: string
      readonly signature: string
    }
    answer: { readonly holds: boolean; readonly address: string }
  }
  /** The encrypted keystore as a file; the password is asked again. */
  exportFile: { request: { readonly password: string }; answer: { readonly text: string } }
  /** The backup words; the password is asked again. */
  revealWords: { request: { readonly password: string }; answer: { readonly words: string } }
  changePassword: {
    request: { readonly password: string; readonly next: string }
    answer: VaultState
  }
  /** Forgets everything that is kept in this browser. */
  remove: { request: Record<never, never>; answer: VaultState }
}

export type VaultCall = keyof VaultCalls

/**
 * Why something was not done; the message is for people.
 *
 * `VAULT_NONE`, `VAULT_EXISTS`, `VAULT_LOCKED`: not in this state. `PASSWORD_WRONG`; `WAIT`: too many wrong
 * ones, `retryAtMs` says until when. `PASSWORD_INVALID`: too short or too long. `SECRET_INVALID`: words, key
 * or file cannot be read. `OTHER_CURVE`: a key of the original network, whose address and money are not here.
 * `ACCOUNT_KNOWN`, `ACCOUNT_UNKNOWN`. `DRAFT_INVALID`: what is to be signed makes no
 * sense. `PREVIEW_UNKNOWN`: was never shown, is signed already or too old. `CHANGED_ELSEWHERE`: another tab
 * changed the password. `STORE_FAILED`: this browser did not keep it. `LIMIT_EXCEEDED`. `BROKEN`: a fault of
 * ours.
 */
export type VaultError = {
  readonly code:
    | 'VAULT_NONE'
    | 'VAULT_EXISTS'
    | 'VAULT_LOCKED'
    | 'PASSWORD_WRONG'
    | 'WAIT'
    | 'PASSWORD_INVALID'
    | 'SECRET_INVALID'
    | 'OTHER_CURVE'
    | 'ACCOUNT_KNOWN'
    | 'ACCOUNT_UNKNOWN'
    | 'DRAFT_INVALID'
    | 'PREVIEW_UNKNOWN'
    | 'CHANGED_ELSEWHERE'
    | 'STORE_FAILED'
    | 'LIMIT_EXCEEDED'
    | 'BROKEN'
  readonly message: string
  readonly retryAtMs?: number | undefined
}

/** To the vault. */
export type VaultRequest = {
  [C in VaultCall]: {
    readonly id: number
    readonly call: C
    readonly request: VaultCalls[C]['request']
  }
}[VaultCall]

/** From the vault: the answer to request `id`, or news. */
export type VaultReply =
  | { readonly id: number; readonly ok: true; readonly value: unknown }
  | { readonly id: number; readonly ok: false; readonly error: VaultError }
  | { readonly news: VaultState }
