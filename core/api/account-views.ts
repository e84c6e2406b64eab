/** Accounts as they are answered: from what the coordinator's desk says to the shapes of the endpoints. */
import { toHex, toHex0x } from '../base/bytes.ts'
import { formatTime } from '../base/rfc3339.ts'
import type { KeyFunding, KeyRecord, UsageQuestion, UsageRow } from './account-desk.ts'
import type { AccountKeyView, UsageView } from './schemas/account-keys.ts'

/** A key, with the public key of this site's coordinator. */
export function keyView(key: KeyRecord, coordinator: Uint8Array): AccountKeyView {
  return {
    key_id: key.keyId,
    kind: key.kind,
    name: key.name,
    scopes: [...key.scopes],
    state: key.state,
    hint: key.hint ?? null,
    created_at: formatTime(key.createdAtMs),
    expires_at: timeOrNull(key.expiresAtMs),
    revoked_at: timeOrNull(key.revokedAtMs),
    last_used_at: timeOrNull(key.usedAtMs),
    old_secret_until: timeOrNull(key.oldSecretUntilMs),
    budget: unitsOrNull(key.budget),
    spent: String(key.spent),
    funding: key.funding ? fundingView(key.funding, coordinator) : null,
    payout: key.payout ?? null,
  }
}

function fundingView(
  funding: KeyFunding,
  coordinator: Uint8Array,
): NonNullable<AccountKeyView['funding']> {
  return {
    by: funding.by ?? null,
    coordinator: toHex(coordinator),
    delegate: toHex(funding.delegate),
    escrow: funding.escrow ? toHex0x(funding.escrow) : null,
    escrow_balance: unitsOrNull(funding.escrowBalance),
    escrow_expires_at: timeOrNull(funding.escrowExpiresAtMs),
    delegate_budget: unitsOrNull(funding.delegateBudget),
    delegate_expires_at: timeOrNull(funding.delegateExpiresAtMs),
    available: unitsOrNull(funding.available),
    fault: funding.fault ?? null,
  }
}

/** Sums, with the names of the keys that they are of. */
export function usageView(
  rows: readonly UsageRow[],
  about: UsageQuestion & {
    readonly names: ReadonlyMap<string, string>
    readonly asOf: string
  },
): UsageView {
  const total = {
    jobs: 0,
    completed: 0,
    failed: 0,
    prompt_tokens: 0,
    completion_tokens: 0,
  }
  let spent = 0n
  for (const row of rows) {
    total.jobs += row.jobs
    total.completed += row.completed
    total.failed += row.jobs - row.completed
    total.prompt_tokens += row.promptTokens
    total.completion_tokens += row.completionTokens
    spent += row.spent
  }
  return {
    items: rows.map((row) => ({
      day: row.day ?? null,
      key_id: row.keyId ?? null,
      key_name: (row.keyId !== undefined && about.names.get(row.keyId)) || null,
      model: row.model ?? null,
      jobs: row.jobs,
      completed: row.completed,
      failed: row.jobs - row.completed,
      prompt_tokens: row.promptTokens,
      completion_tokens: row.completionTokens,
      spent: String(row.spent),
    })),
    total: { ...total, spent: String(spent) },
    group_by: about.groupBy,
    from: about.from,
    to: about.to,
    unit: 'base units',
    next_cursor: null,
    as_of: about.asOf,
    source: 'site',
  }
}

const timeOrNull = (ms: number | undefined): string | null =>
  ms === undefined ? null : formatTime(ms)

const unitsOrNull = (amount: bigint | undefined): string | null =>
  amount === undefined ? null : String(amount)
