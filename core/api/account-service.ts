/**
 * What the object of one account offers to the Worker: used nonces, sessions and the profile. Plain data,
 * so that it travels by RPC. Times are Unix milliseconds by the object's own clock.
 */
import type { Result } from '../base/result.ts'
import type { ApiError } from './errors.ts'

/** Bounds of an account. */
export const accountLimits = {
  /** Sessions at a time; signing in once more ends the one that was used longest ago. */
  sessionsMax: 16,
  /** Nonces remembered until they expire by themselves. */
  noncesMax: 256,
  /** How long a session lasts, milliseconds. */
  sessionMs: 86_400_000,
  /** Between two notes of when a session was last used, milliseconds. */
  touchMs: 60_000,
  /**
   * How long a name stays claimed by an account whose profile does not show it, milliseconds: as long as a
   * registration may be under way.
   */
  nameClaimMs: 60_000,
  /** Characters of what a caller's program calls itself. */
  agentMax: 200,
} as const

/** What an account says of itself. */
export type ProfileRecord = {
  /** Empty when none was given. Nobody has checked it. */
  readonly email: string
  readonly username: string
  readonly createdAtMs: number
}

/** One session. */
export type SessionRecord = {
  readonly sessionId: string
  readonly createdAtMs: number
  /** To the minute. */
  readonly usedAtMs: number
  readonly expiresAtMs: number
  readonly agent: string
}

/** What a sign-in brings. */
export type SignInRecord = {
  readonly nonce: string
  readonly nonceExpiresAtMs: number
  readonly sessionId: string
  readonly agent: string
  /** The name of a new account. */
  readonly username: string
  /** What to change in the profile; absent for a plain sign-in. */
  readonly profile?: { readonly email: string; readonly username: string }
}

/** A session that began. */
export type SignedIn = { readonly profile: ProfileRecord; readonly session: SessionRecord }

/** The object of one account, named by its address. */
export type AccountService = {
  /** Uses the nonce up and begins a session. */
  signIn(input: SignInRecord): Promise<Result<SignedIn, ApiError>>
  /** Undefined before the first sign-in. */
  profile(): Promise<ProfileRecord | undefined>
  /** The profile behind a session that holds; undefined when it was ended or is over. */
  session(sessionId: string): Promise<ProfileRecord | undefined>
  /** Newest first. */
  sessions(): Promise<readonly SessionRecord[]>
  /** Ends one session, or all; how many were ended. */
  endSession(sessionId: string): Promise<number>
  endSessions(): Promise<number>
}

/** Who claimed a name last, and when, Unix milliseconds. */
export type NameHolder = { readonly owner: string; readonly sinceMs: number }

/** The object of one name that only one account may have: an email address or a user name. */
export type NameService = {
  /**
   * Makes the name this owner's where it is free, his already, or still `instead` holds it as was told
   * before. Undefined when it is his now, else who holds it.
   */
  claim(owner: string, instead?: NameHolder): Promise<NameHolder | undefined>
  /** Forgets it, if it is this owner's and was not claimed again since then, Unix milliseconds. */
  release(owner: string, beforeMs: number): Promise<void>
}
