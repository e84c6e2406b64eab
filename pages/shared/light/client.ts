/** The page's side of the light client: one worker, started at the first question. */
import type {
  Asked,
  BytesKind,
  Checked,
  Inspected,
  Memory,
  Question,
  Reply,
  Request,
} from './messages.ts'
import builtUrl from './worker.ts?worker&url'

/** Key in localStorage: the chain that this browser knows of this site. */
const memoryKey = 'aitbc:chain'

const workerUrl: string = builtUrl

let worker: Worker | undefined
let nextId = 1
const open = new Map<number, (answer: Reply['answer'] | undefined) => void>()

/** Has a fact checked. Never rejects. */
export const check = async (asked: Asked): Promise<Checked> =>
  ((await ask({ ask: 'check', ...asked })) as Checked | undefined) ?? broken

/** Has canonical bytes taken apart. Never rejects. */
export const inspect = async (kind: BytesKind, hex: string): Promise<Inspected> =>
  ((await ask({ ask: 'inspect', kind, hex })) as Inspected | undefined) ?? {
    ok: false,
    reason: broken.reason,
  }

/** The escrow that each of these transactions opens, by its hash. Never rejects; empty when it cannot be told. */
export const escrowsOpenedBy = async (hashes: readonly string[]): Promise<readonly string[]> =>
  ((await ask({ ask: 'escrows', hashes })) as readonly string[] | undefined) ?? []

/** Undefined when this browser cannot run the worker. */
function ask(question: Question): Promise<Reply['answer'] | undefined> {
  return new Promise((resolve) => {
    try {
      worker ??= startWorker()
      const id = nextId++
      open.set(id, resolve)
      worker.postMessage({ id, memory: recall(), question } satisfies Request)
    } catch {
      resolve(undefined)
    }
  })
}

function startWorker(): Worker {
  const started = new Worker(trustedUrl() as string, { type: 'module' })
  started.addEventListener('message', ({ data }: MessageEvent<Reply>) => {
    if (data.memory) keep(data.memory)
    open.get(data.id)?.(data.answer)
    open.delete(data.id)
  })
  started.addEventListener('error', () => {
    for (const resolve of open.values()) resolve(undefined)
    open.clear()
    worker = undefined
  })
  return started
}

type TrustedTypes = {
  createPolicy(
    name: string,
    rules: { readonly createScriptURL: (text: string) => string },
  ): { createScriptURL(text: string): unknown }
}

/** The one script address that a page of this site may make: its policy is named in the CSP. */
function trustedUrl(): unknown {
  const { trustedTypes } = globalThis as { trustedTypes?: TrustedTypes }
  policy ??= trustedTypes?.createPolicy('aitbc-worker', {
    createScriptURL(text) {
      if (text === workerUrl) return text
      throw new TypeError('no other script')
    },
  })
  return policy ? policy.createScriptURL(workerUrl) : workerUrl
}
let policy: ReturnType<TrustedTypes['createPolicy']> | undefined

function recall(): Memory | undefined {
  try {
    const memory = JSON.parse(localStorage.getItem(memoryKey) ?? 'null') as Memory | null
    const isWhole = typeof memory?.genesis === 'string' && typeof memory.text === 'string'
    return isWhole && Number.isSafeInteger(memory.height) ? memory : undefined
  } catch {
    return undefined
  }
}

function keep(memory: Memory): void {
  const known = recall()
  // Another tab may have come further.
  if (known?.genesis === memory.genesis && known.height >= memory.height) return
  try {
    localStorage.setItem(memoryKey, JSON.stringify(memory))
  } catch {
    // Without storage each visit begins at genesis.
  }
}

const broken = {
  state: 'unverifiable',
  code: 'BROKEN',
  reason: 'This browser could not start the check.',
} as const
