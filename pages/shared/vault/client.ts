/** The page's side of the vault: one worker, started at the first call; its state as a signal. */
import { signal } from '@preact/signals'
import { err, ok, type Result } from '../../../core/base/result.ts'
import { startBuiltWorker } from '../built-worker.ts'
import builtUrl from './keeper.ts?worker&url'
import type { VaultCall, VaultCalls, VaultError, VaultReply, VaultState } from './messages.ts'

/** How the vault stands; undefined until it has said so. */
export const vaultState = signal<VaultState | undefined>(undefined)

type Waiting = (done: Result<unknown, VaultError>) => void

let worker: Worker | undefined
let nextId = 1
const waiting = new Map<number, Waiting>()

/** Asks the vault. Never rejects. */
export function askVault<C extends VaultCall>(
  call: C,
  request: VaultCalls[C]['request'],
): Promise<Result<VaultCalls[C]['answer'], VaultError>> {
  return new Promise((resolve) => {
    try {
      worker ??= start()
      const id = nextId++
      waiting.set(id, resolve as Waiting)
      worker.postMessage({ id, call, request })
    } catch {
      resolve(broken())
    }
  })
}

/** Asks how the vault stands, and follows what becomes of it. */
export async function followVault(): Promise<VaultError | undefined> {
  const state = await askVault('state', {})
  return state.ok ? undefined : state.error
}

/** Someone at the page puts off the lock, told at most this often. */
const touchMs = 5_000

/** Takes what a person does on this page as use of the vault; call once. */
export function touchOnUse(): void {
  let last = 0
  const touch = () => {
    if (vaultState.peek()?.phase !== 'open' || Date.now() - last < touchMs) return
    last = Date.now()
    void askVault('touch', {})
  }
  for (const event of ['pointerdown', 'keydown'] as const) {
    document.addEventListener(event, touch, { capture: true, passive: true })
  }
}

function start(): Worker {
  const started = startBuiltWorker(builtUrl as string)
  started.addEventListener('message', ({ data }: MessageEvent<VaultReply>) => {
    if ('news' in data) {
      vaultState.value = data.news
      return
    }
    waiting.get(data.id)?.(data.ok ? ok(data.value) : err(data.error))
    waiting.delete(data.id)
  })
  started.addEventListener('error', () => {
    for (const resolve of waiting.values()) resolve(broken())
    waiting.clear()
    worker = undefined
    vaultState.value = undefined
  })
  return started
}

const broken = (): Result<never, VaultError> =>
  err({ code: 'BROKEN', message: 'This browser could not start the part that keeps keys.' })
