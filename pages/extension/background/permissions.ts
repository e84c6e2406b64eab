/** Which site may see which account: an immutable table by origin, bounded, with the newest last. */

/** A site's permission. `address`: the one account that it sees. */
export type Grant = {
  readonly origin: string
  readonly address: string
  readonly sinceMs: number
}

export type Permissions = readonly Grant[]

/** Sites that may be connected at once; the oldest goes first. */
export const grantsMax = 200

export const grantOf = (permissions: Permissions, origin: string): Grant | undefined =>
  permissions.find((grant) => grant.origin === origin)

export const withGrant = (permissions: Permissions, grant: Grant): Permissions =>
  [...withoutGrant(permissions, grant.origin), grant].slice(-grantsMax)

export function withoutGrant(permissions: Permissions, origin: string): Permissions {
  const kept = permissions.filter((grant) => grant.origin !== origin)
  return kept.length === permissions.length ? permissions : kept
}

/** As `wallet_getPermissions` shows it, in the manner of EIP-2255. */
export const permissionList = (grant: Grant | undefined): readonly object[] =>
  grant === undefined
    ? []
    : [
        {
          invoker: grant.origin,
          parentCapability: 'aitbc_accounts',
          date: grant.sinceMs,
          caveats: [{ type: 'restrictReturnedAccounts', value: [grant.address] }],
        },
      ]

/** Schemes and hosts that may have a wallet: https, and plain http on this machine alone. */
export function isPermittedOrigin(origin: string): boolean {
  const url = URL.canParse(origin) ? new URL(origin) : undefined
  if (url?.origin !== origin) return false
  if (url.protocol === 'https:') return true
  return url.protocol === 'http:' && /^(?:localhost|127\.0\.0\.1|\[::1\])$/.test(url.hostname)
}
