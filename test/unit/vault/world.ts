/** Vaults of one browser in memory: a shared store and clock, and news from one to the other. */
import { pbkdf2 } from '@noble/hashes/pbkdf2.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { genesisToJson } from '../../../core/chain/genesis.ts'
import type {
  TransactionDraft,
  VaultCall,
  VaultCalls,
  VaultError,
  VaultState,
} from '../../../pages/shared/vault/messages.ts'
import type { StoredVault, VaultNews, VaultPorts } from '../../../pages/shared/vault/ports.ts'
import { createVault, type Vault } from '../../../pages/shared/vault/vault.ts'
import { genesis } from '../../support/chain-world.ts'

export const password = 'violet harbour trumpet'
export const words =
  'abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about'
export const genesisJson = genesisToJson(genesis)

/** A tab: its vault, what it said, and a way to ask that fails the test on refusal. */
export type Tab = {
  readonly vault: Vault
  readonly states: VaultState[]
  readonly must: <C extends VaultCall>(
    call: C,
    request: VaultCalls[C]['request'],
  ) => Promise<VaultCalls[C]['answer']>
  readonly refusal: <C extends VaultCall>(
    call: C,
    request: VaultCalls[C]['request'],
  ) => Promise<VaultError | undefined>
}

export type Browser = {
  readonly tab: () => Tab
  /** What is kept now. */
  readonly kept: () => StoredVault | undefined
  readonly clock: { nowMs: number; tick: (ms: number) => Promise<void> }
  /** Everything that was written or told, as text. */
  readonly seen: string[]
  /** Makes the store fail. */
  readonly faults: { load: boolean; replace: boolean }
  /** Waits until news have arrived everywhere. */
  readonly calm: () => Promise<void>
}

export function openBrowser(): Browser {
  let record: StoredVault | undefined
  const tabs: Tab[] = []
  const wakers = new Set<{ atMs: number; wake: () => void }>()
  const seen: string[] = []
  let news: Promise<unknown> = Promise.resolve()
  const faults = { load: false, replace: false }
  const calm = async () => {
    await news
    await Promise.all(tabs.map(({ vault }) => vault.handle('checkWords', { words: '' })))
    await news
  }
  const clock = {
    nowMs: 1_700_000_000_000,
    tick: async (ms: number) => {
      clock.nowMs += ms
      for (const waker of [...wakers].filter(({ atMs }) => atMs <= clock.nowMs)) {
        wakers.delete(waker)
        waker.wake()
      }
      await calm()
    },
  }
  const portsOf = (tell: (news: VaultNews) => void): VaultPorts => ({
    store: {
      load: async () => {
        if (faults.load) throw new Error('forbidden')
        return record
      },
      replace: async (after, next) => {
        if (faults.replace) throw new Error('full')
        if (record?.revision !== after) return false
        record = next
        seen.push(JSON.stringify(next ?? null))
        return true
      },
    },
    // One round: how many there are is written into the container, and core tests them at full strength.
    deriveKey: async ({ password: bytes, salt }) =>
      pbkdf2(sha256, bytes, salt, { c: 1, dkLen: 32 }),
    randomBytes: (length) => crypto.getRandomValues(new Uint8Array(length)),
    nowMs: () => clock.nowMs,
    wakeAt: (atMs, wake) => {
      const waker = { atMs, wake }
      wakers.add(waker)
      return () => wakers.delete(waker)
    },
    tell,
  })
  const tab = (): Tab => {
    const states: VaultState[] = []
    const made: Tab = {
      states,
      vault: createVault(
        portsOf((said) => {
          seen.push(said)
          const others = tabs.filter((other) => other !== made)
          news = Promise.all([news, ...others.map(({ vault }) => vault.hear(said))])
        }),
        (state) => states.push(state),
      ),
      must: async (call, request) => {
        const done = await made.vault.handle(call, request)
        if (!done.ok) throw new Error(`${done.error.code}: ${done.error.message}`)
        return done.value
      },
      refusal: async (call, request) => {
        const done = await made.vault.handle(call, request)
        return done.ok ? undefined : done.error
      },
    }
    tabs.push(made)
    return made
  }
  return { tab, kept: () => record, clock, seen, faults, calm }
}

/** A tab with an open wallet of the test words. */
export async function openWallet(browser = openBrowser()): Promise<Tab> {
  const tab = browser.tab()
  await tab.must('create', { password, secret: { kind: 'words', words }, name: 'Main' })
  return tab
}

/** The first account of an open tab. */
export async function firstAddress(tab: Tab): Promise<string> {
  const state = await tab.must('state', {})
  if (state.phase !== 'open') throw new Error('locked')
  return state.accounts[0]?.address ?? ''
}

/** A payment that the first account could make. */
export async function draftOf(
  tab: Tab,
  change: Partial<TransactionDraft> = {},
): Promise<TransactionDraft> {
  return {
    account: await firstAddress(tab),
    genesis: genesisJson,
    nonce: '3',
    validUntil: '150',
    message: { kind: 'transfer', to: paid, amount: '125000000' },
    context: { slot: '10', balance: '1000000000', nextNonce: '3' },
    ...change,
  }
}

export const paid = 'aitbc1cfmgvjwd3jega4wy5rq573gcrwq8tajy5yu0xz'
