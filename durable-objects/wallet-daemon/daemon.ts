/**
 * What one owner's wallets do: make, check, sign. A password is tried at the same cost whether the wallet
 * exists or not, and after the count of uses, whichever way the call came. Rules: SPEC.md, DAEMON.
 */
import { randomBytes } from 'node:crypto'
import type { ApiError } from '../../core/api/errors.ts'
import {
  type LedgerEvent,
  walletLimits as limits,
  type WalletCaller,
  type WalletRecord,
  type WalletService,
} from '../../core/api/wallet-service.ts'
import { err, ok, type Result } from '../../core/base/result.ts'
import { keyBytes, type Signer } from '../../core/crypto/signature.ts'
import {
  type Container,
  containerIterations,
  containerPassword,
  deriveContainerKey,
  readContainer,
} from '../../core/wallet/container.ts'
import { fernetIvBytes } from '../../core/wallet/fernet.ts'
import { keystoreOfSeed, openKeystore, sealKeystore } from '../../core/wallet/keystore.ts'
import { nativeSigner } from '../coordinator/native-signer.ts'
import { passwordFault } from './password.ts'
import type { WalletStore } from './wallet-store.ts'

const saltBytes = 32

/** Stands in for a wallet that is not there: as long to try, and opens for nobody. */
const decoy: Container = {
  kdf: { iterations: containerIterations, salt: new Uint8Array(saltBytes) },
  publicKeys: [],
  sealed: '',
}

export type DaemonParts = {
  readonly store: WalletStore
  /** Tells the site that this owner has wallets, before there is one. */
  readonly enter: (owner: string) => Promise<void>
  readonly now: () => number
}

type Methods = Omit<WalletService, 'reseal'>

/** Actions that cost a derivation. */
const derives: ReadonlySet<string> = new Set(['create', 'unlock', 'sign'])

export function openDaemon({ store, enter, now }: DaemonParts): Methods {
  const counted = (caller: WalletCaller, action: string, walletId = ''): Result<null, ApiError> => {
    const buckets: [string, number][] = [
      [`${action} ${caller.client} ${walletId}`, limits.usesPerWindow],
    ]
    if (walletId !== '') buckets.push([`tries ${walletId}`, limits.triesPerWindow])
    // First, so that made-up names neither cost more nor fill the table.
    if (derives.has(action)) buckets.unshift(['derivations', limits.derivationsPerWindow])
    for (const [bucket, usesMax] of buckets) {
      const waitMs = store.use(bucket, usesMax, now())
      if (waitMs === undefined) continue
      const details = { retry_after_seconds: Math.max(1, Math.ceil(waitMs / 1_000)) }
      return err({ code: 'WALLET_LIMIT_EXCEEDED', details })
    }
    return ok(null)
  }

  /** Opens a wallet for one use, and notes how it went. */
  const open = (
    caller: WalletCaller,
    input: { readonly walletId: string; readonly password: string; readonly event: LedgerEvent },
  ): Result<Signer, ApiError> => {
    const { walletId, event } = input
    const stored = store.container(caller.owner, walletId)
    if (stored?.ok === false) return stored
    const signer = signerIn(stored?.value, input.password)
    if (stored) {
      const { client } = caller
      store.note(walletId, { event, success: signer !== undefined, atMs: now(), client })
    }
    return signer ? ok(signer) : err({ code: 'WALLET_CREDENTIALS_INVALID' })
  }

  const refusal = async (
    wallet: Parameters<Methods['create']>[1],
  ): Promise<ApiError | undefined> => {
    const { walletId, password, metadata, seed } = wallet
    const known = [walletId, ...Object.values(metadata)]
    const fault = await passwordFault(password, known)
    if (fault !== undefined) return { code: 'PASSWORD_TOO_WEAK', message: fault }
    if (seed && seed.length !== keyBytes) {
      const message = `A seed has ${keyBytes} bytes; this one has ${seed.length}.`
      return { code: 'WALLET_SECRET_INVALID', message }
    }
    return noRoom(walletId)
  }

  const noRoom = (walletId: string): ApiError | undefined => {
    if (store.has(walletId)) return { code: 'WALLET_EXISTS' }
    return store.list().length >= limits.walletsMax ? { code: 'WALLETS_TOO_MANY' } : undefined
  }

  return {
    wallets: async (caller) => {
      const count = counted(caller, 'list')
      return count.ok ? ok(store.list()) : count
    },
    create: async (caller, wallet) => {
      const count = counted(caller, 'create')
      if (!count.ok) return count
      const refused = await refusal(wallet)
      if (refused) return err(refused)
      const seed = wallet.seed ?? new Uint8Array(randomBytes(keyBytes))
      const { walletId, metadata } = wallet
      const container = sealed(seed, { name: walletId, password: wallet.password, nowMs: now() })
      const { publicKey } = nativeSigner(seed)
      const record: WalletRecord = { walletId, publicKey, metadata, createdAtMs: now() }
      await enter(caller.owner)
      // Other calls may have made some meanwhile; from here on nothing waits.
      const tooLate = noRoom(walletId)
      if (tooLate) return err(tooLate)
      store.add(caller.owner, { ...record, container })
      const { client } = caller
      store.note(walletId, { event: 'created', success: true, atMs: now(), client })
      return ok(record)
    },
    unlock: async (caller, input) => {
      const count = counted(caller, 'unlock', input.walletId)
      if (!count.ok) return count
      const opened = open(caller, { ...input, event: 'unlocked' })
      return opened.ok ? ok(null) : opened
    },
    sign: async (caller, input) => {
      const count = counted(caller, 'sign', input.walletId)
      if (!count.ok) return count
      const opened = open(caller, { ...input, event: 'signed' })
      return opened.ok ? ok(opened.value.sign(input.message)) : opened
    },
    ledger: async (caller, { walletId, limit, beforeSeq = Number.MAX_SAFE_INTEGER }) => {
      const count = counted(caller, 'ledger')
      if (!count.ok) return count
      if (!store.has(walletId)) return err({ code: 'WALLET_NOT_FOUND' })
      return ok(store.ledger(walletId, limit, beforeSeq))
    },
    count: async (caller, action) => counted(caller, action),
  }
}

/** A container for one seed. */
function sealed(
  seed: Uint8Array,
  given: { readonly name: string; readonly password: string; readonly nowMs: number },
): string {
  const keystore = keystoreOfSeed(seed, given.name)
  const password = containerPassword(given.password)
  if (!keystore.ok || !password.ok) throw new Error('invariant broken: checked before')
  const kdf = { iterations: containerIterations, salt: new Uint8Array(randomBytes(saltBytes)) }
  const text = sealKeystore(keystore.value, {
    kdf,
    key: deriveContainerKey(password.value, kdf),
    iv: new Uint8Array(randomBytes(fernetIvBytes)),
    timeSeconds: Math.floor(given.nowMs / 1_000),
  })
  if (!text.ok) throw new Error(`invariant broken: ${text.error.code}`)
  return text.value
}

/** The key of a container, or of none, if the password opens it. */
function signerIn(text: string | undefined, password: string): Signer | undefined {
  const read = text === undefined ? ok(decoy) : readContainer(text)
  const container = read.ok ? read.value : decoy
  const bytes = containerPassword(password)
  if (!bytes.ok) return undefined
  const keystore = openKeystore(container, deriveContainerKey(bytes.value, container.kdf))
  const [account] = keystore.ok ? keystore.value.accounts : []
  return account && nativeSigner(account.seed)
}
