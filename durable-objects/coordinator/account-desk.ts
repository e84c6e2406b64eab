/**
 * The desk for accounts: what owners do with their keys, and how the money behind each stands.
 * Rules: SPEC.md, ACCT and USAGE.
 */
import type {
  AccountDesk,
  KeyAndSecret,
  KeyFunding,
  KeyRecord,
} from '../../core/api/account-desk.ts'
import type { EscrowView } from '../../core/api/chain-service.ts'
import type { ApiError } from '../../core/api/errors.ts'
import type { KeyState } from '../../core/api/schemas/account-keys.ts'
import type { KeyScopeName } from '../../core/auth/key-scopes.ts'
import { bytesEqual } from '../../core/base/bytes.ts'
import { err, ok, type Result } from '../../core/base/result.ts'
import { hasPassed } from '../../core/base/time.ts'
import { slotMs } from '../../core/chain/genesis.ts'
import { formatAddress, parseAddress } from '../../core/crypto/address.ts'
import type { AccountKeys, KeyRow } from './account-keys.ts'
import type { ChainView } from './chain-view.ts'
import type { Custody } from './custody.ts'
import type { Funds } from './funds.ts'
import { bytesOf, rowsOf, type SqlDatabase } from './schema.ts'
import type { Settings } from './settings.ts'
import type { Usage } from './usage.ts'

export type AccountDeskParts = {
  readonly database: SqlDatabase
  readonly settings: Settings
  readonly accountKeys: AccountKeys
  readonly usage: Usage
  readonly custody: Custody
  readonly view: ChainView
  readonly funds: Funds
  readonly now: () => number
  readonly wakeAt: (dueAtMs: number) => void
  /** A key was revoked: a miner that works with it leaves. */
  readonly onRevoked: (keyId: string) => void
}

/** Bounds of the desk. */
export const accountDeskLimits = {
  /** How long a key waits for the escrow that it was promised. */
  pendingMs: 900_000,
  /** Pause before the chain is asked for it again. */
  pendingPollMs: 2_000,
  /** Accounts remembered as users; those not seen for longest are forgotten first. */
  usersMax: 100_000,
  /** Between two notes of when an account was last seen. */
  userTouchMs: 60_000,
} as const

export type AccountDeskOfSite = AccountDesk & {
  /** Links what has become final; never rejects. */
  readonly tick: () => Promise<void>
  /** A key as its owner sees it. */
  readonly recordOf: (row: KeyRow) => Promise<KeyRecord>
}

export function openAccountDesk(parts: AccountDeskParts): AccountDeskOfSite {
  const { database, settings, accountKeys, usage, custody, now, wakeAt } = parts
  const hasFaucet = settings.genesis.parameters.faucetMax > 0n

  /** Somebody else's key does not exist for you. */
  const ownRow = (owner: string, keyId: string): KeyRow | undefined => {
    const row = accountKeys.row(keyId)
    return row?.owner === owner ? row : undefined
  }

  const recordOf = async (row: KeyRow): Promise<KeyRecord> => {
    const found = await fundingOf(parts, row)
    const secrets = accountKeys.secrets(row.key_id)
    const [newest, ...older] = secrets
    const lasting = older.map((each) => each.until_ms ?? 0).filter((until) => until > now())
    const spent = usage.spentBy(row.key_id)
    return {
      keyId: row.key_id,
      kind: row.kind,
      owner: row.owner,
      name: row.name,
      scopes: JSON.parse(row.scopes) as KeyScopeName[],
      state: stateOf(row, { now: now(), spent, found }),
      hint: newest?.hint,
      createdAtMs: row.created_at_ms,
      expiresAtMs: row.expires_at_ms ?? undefined,
      revokedAtMs: row.revoked_at_ms ?? undefined,
      usedAtMs: row.used_at_ms ?? undefined,
      oldSecretUntilMs: lasting.length > 0 ? Math.max(...lasting) : undefined,
      budget: row.budget === null ? undefined : BigInt(row.budget),
      spent,
      funding: found?.funding,
      payout: row.payout === null ? undefined : formatAddress(bytesOf(row.payout)),
    }
  }

  const answer = async (keyId: string): Promise<Result<KeyRecord, ApiError>> =>
    ok(await recordOf(accountKeys.row(keyId) as KeyRow))

  const withSecret = async (
    keyId: string,
    secret: string,
  ): Promise<Result<KeyAndSecret, ApiError>> => {
    const key = await recordOf(accountKeys.row(keyId) as KeyRow)
    return ok({ key, secret })
  }

  /** Links an escrow that fits; says how it stands where it does not. */
  const tryLink = async (row: KeyRow, escrow: Uint8Array): Promise<EscrowFit> => {
    const fit = await fitOf(parts, row, escrow)
    if (fit !== 'fits') return fit
    const linked = await custody.link(row.key_id, escrow)
    if (!linked.ok) return 'unknown'
    accountKeys.waitFor(row.key_id, null, null)
    return 'fits'
  }

  const waitSoon = () => wakeAt(now() + accountDeskLimits.pendingPollMs)
  if (accountKeys.awaiting().length > 0) waitSoon()

  return {
    recordOf,

    summary: async (owner) => {
      const rows = accountKeys.ofOwner(owner)
      const console = rows.find(({ kind }) => kind === 'console')
      return {
        coordinator: settings.coordinator.publicKey,
        keys: rows.filter((row) => row.kind === 'key' && row.revoked_at_ms === null).length,
        faucet: hasFaucet,
        console: console && (await recordOf(console)),
      }
    },

    keys: async (owner) => Promise.all(accountKeys.ofOwner(owner).filter(isOwnMade).map(recordOf)),

    key: async (owner, keyId) => {
      const row = ownRow(owner, keyId)
      return row ? ok(await recordOf(row)) : err({ code: 'KEY_NOT_FOUND' })
    },

    createKey: async (owner, wanted) => {
      const payout = parseAddress(wanted.payout ?? owner)
      if (!payout.ok) return payout
      const isMiner = wanted.scopes.includes('miner')
      const made = accountKeys.create(owner, wanted, isMiner ? payout.value : undefined)
      return made.ok ? withSecret(made.value.keyId, made.value.secret) : made
    },

    changeKey: async (owner, keyId, change) => {
      const row = ownRow(owner, keyId)
      if (!row) return err({ code: 'KEY_NOT_FOUND' })
      if (row.revoked_at_ms !== null) return err({ code: 'KEY_REVOKED' })
      accountKeys.change(keyId, change)
      return answer(keyId)
    },

    rotateKey: async (owner, keyId, grace) => {
      const row = ownRow(owner, keyId)
      // A console has no secret: nobody could use it.
      if (row?.kind !== 'key') return err({ code: 'KEY_NOT_FOUND' })
      if (row.revoked_at_ms !== null) return err({ code: 'KEY_REVOKED' })
      return withSecret(keyId, accountKeys.rotate(keyId, grace.ms))
    },

    revokeKey: async (owner, keyId) => {
      const row = ownRow(owner, keyId)
      if (!row) return err({ code: 'KEY_NOT_FOUND' })
      accountKeys.revoke(keyId, owner)
      parts.onRevoked(keyId)
      return answer(keyId)
    },

    fundKey: async (owner, keyId, escrow) => {
      const row = ownRow(owner, keyId)
      if (!row) return err({ code: 'KEY_NOT_FOUND' })
      if (row.revoked_at_ms !== null) return err({ code: 'KEY_REVOKED' })
      if (!row.delegate_public || custody.stateOf(keyId)?.by === 'faucet') {
        return err({ code: 'KEY_NOT_FUNDABLE' })
      }
      const fit = await tryLink(row, escrow)
      if (fit === 'unknown') return err({ code: 'CHAIN_UNAVAILABLE' })
      if (fit === 'foreign') return err({ code: 'ESCROW_REQUIRED', message: foreignText })
      if (fit !== 'fits') {
        accountKeys.waitFor(keyId, escrow, now() + accountDeskLimits.pendingMs)
        waitSoon()
      }
      return answer(keyId)
    },

    openConsole: async (owner) => {
      const row = accountKeys.consoleOf(owner, { anew: true })
      if (row.revoked_at_ms === null) custody.begin(row.key_id)
      return answer(row.key_id)
    },

    consolePrincipal: async (owner) => {
      const row = accountKeys.consoleOf(owner, { anew: false })
      if (row.revoked_at_ms !== null) return err({ code: 'KEY_REVOKED' })
      const scopes = JSON.parse(row.scopes) as KeyScopeName[]
      return ok({
        kind: 'api_key',
        scope: 'client',
        publicId: row.key_id,
        account: owner,
        scopes,
      })
    },

    usage: async (owner, question) => usage.of(accountKeys.clientsOf(owner), question),

    refusalOf: async (apiKey, scope) => {
      const admitted = accountKeys.admit(apiKey, scope)
      return admitted.ok ? { code: 'AUTHENTICATION_ERROR' } : admitted.error
    },

    noteUser: async (owner) => noteUser(database, owner, now()),

    tick: async () => {
      for (const row of accountKeys.awaiting()) {
        const escrow = row.pending_escrow && bytesOf(row.pending_escrow)
        if (!escrow) continue
        const isOver = (row.pending_until_ms ?? 0) <= now()
        const fit = await tryLink(row, escrow).catch((): EscrowFit => 'unknown')
        if (fit === 'fits') continue
        if (isOver || fit === 'foreign') accountKeys.waitFor(row.key_id, null, null)
        else waitSoon()
      }
    },
  }
}

/** Whether an escrow can pay for a key; `absent`, `ungranted`: it may yet become so. */
type EscrowFit = 'fits' | 'absent' | 'ungranted' | 'foreign' | 'unknown'

const isOwnMade = (row: KeyRow): boolean => row.kind === 'key'

const foreignText =
  'That escrow is locked for another coordinator, or is being closed: it cannot pay here.'

async function fitOf(
  { view, settings }: AccountDeskParts,
  row: KeyRow,
  escrowId: Uint8Array,
): Promise<EscrowFit> {
  const read = await view.read(escrowId)
  if (!read.ok) return 'unknown'
  const { escrow } = read.value
  if (!escrow) return 'absent'
  if (escrow.closesAtSlot !== undefined) return 'foreign'
  if (!bytesEqual(escrow.coordinator, settings.coordinator.publicKey)) return 'foreign'
  return grantOf(escrow, row) ? 'fits' : 'ungranted'
}

const grantOf = (escrow: EscrowView, row: KeyRow) => {
  const own = row.delegate_public && bytesOf(row.delegate_public)
  return own ? escrow.delegates.find(({ delegate }) => bytesEqual(delegate, own)) : undefined
}

type Found = {
  readonly funding: KeyFunding
  readonly isPending: boolean
  readonly isUsable: boolean
}

/** The money behind a key; undefined for a key that spends nothing. */
async function fundingOf(parts: AccountDeskParts, row: KeyRow): Promise<Found | undefined> {
  const { custody, view, funds, settings, now } = parts
  if (!row.delegate_public) return undefined
  const delegate = bytesOf(row.delegate_public)
  const state = custody.stateOf(row.key_id)
  const pending = row.pending_escrow ? bytesOf(row.pending_escrow) : undefined
  const none = {
    by: state?.by,
    delegate,
    escrow: state?.escrow ?? pending,
    escrowBalance: undefined,
    escrowExpiresAtMs: undefined,
    delegateBudget: undefined,
    delegateExpiresAtMs: undefined,
    available: undefined,
    fault: state?.fault,
  }
  const isUnderWay = pending !== undefined || (state !== undefined && !state.isReady)
  if (!state?.escrow) return { funding: none, isPending: isUnderWay, isUsable: false }
  const peeked = view.peek(state.escrow, now())
  const read = peeked ? ok(peeked) : await view.read(state.escrow)
  if (!read.ok) {
    const fault = 'the chain does not answer'
    return { funding: { ...none, fault }, isPending: true, isUsable: false }
  }
  const { escrow } = read.value
  const grant = escrow && grantOf(escrow, row)
  const timeOf = (slot: number) => settings.genesisTimeMs + slot * slotMs
  const slot = view.slotNow()
  const fault = faultOf(escrow, grant, slot)
  const funding: KeyFunding = {
    ...none,
    escrowBalance: escrow?.balance,
    escrowExpiresAtMs: escrow && timeOf(escrow.expirySlot),
    delegateBudget: grant?.budget,
    delegateExpiresAtMs: grant && timeOf(grant.expirySlot),
    available: escrow && grant ? funds.available(escrow, delegate).budget : undefined,
    fault: fault ?? state.fault,
  }
  // A top-up of the faucet under way does not keep the key from working.
  return { funding, isPending: fault !== undefined && isUnderWay, isUsable: fault === undefined }
}

function faultOf(
  escrow: EscrowView | undefined,
  grant: ReturnType<typeof grantOf>,
  slot: number,
): string | undefined {
  if (!escrow) return 'the escrow is gone'
  if (escrow.closesAtSlot !== undefined) return 'the escrow is being closed'
  if (escrow.expirySlot <= slot) return 'the escrow has expired'
  if (!grant) return 'the escrow grants the delegate nothing'
  if (grant.revokedAtSlot !== undefined) return 'the grant was revoked'
  if (grant.expirySlot <= slot) return 'the grant has expired'
  return undefined
}

function stateOf(
  row: KeyRow,
  at: { readonly now: number; readonly spent: bigint; readonly found: Found | undefined },
): KeyState {
  const { found } = at
  if (row.revoked_at_ms !== null) return 'revoked'
  if (row.expires_at_ms !== null && row.expires_at_ms <= at.now) return 'expired'
  const isSpending = row.scopes.includes('jobs:submit') || row.scopes.includes('market')
  if (!found || !isSpending) return 'active'
  if (found.isPending) return 'pending'
  if (!found.isUsable) return 'unfunded'
  const isSpent = row.budget !== null && at.spent >= BigInt(row.budget)
  return isSpent || found.funding.available === 0n ? 'exhausted' : 'active'
}

/** Notes a sign-in; the longest unseen accounts without keys make room when there are too many. */
function noteUser(database: SqlDatabase, owner: string, nowMs: number): void {
  const query = 'SELECT seen_ms FROM account_users WHERE address = ?'
  const [row] = rowsOf<{ seen_ms: number }>(database, query, owner)
  if (row && !hasPassed(accountDeskLimits.userTouchMs, row.seen_ms, nowMs)) return
  database.transactionSync(() => {
    database.sql.exec(upsertUser, owner, nowMs, nowMs)
    if (row) return
    const [count] = rowsOf<{ n: number }>(database, 'SELECT count(*) AS n FROM account_users')
    if ((count?.n ?? 0) > accountDeskLimits.usersMax) database.sql.exec(forgetUsers)
  })
}

const upsertUser = `INSERT INTO account_users VALUES (?, ?, ?)
  ON CONFLICT (address) DO UPDATE SET seen_ms = excluded.seen_ms`
const forgetUsers = `DELETE FROM account_users WHERE address IN
  (SELECT address FROM account_users WHERE address NOT IN (SELECT owner FROM account_keys)
  ORDER BY seen_ms LIMIT 256)`
