/** The page's side of the light client: one worker, started at the first question. */
import { startBuiltWorker } from '../built-worker.ts'
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
  const started = startBuiltWorker(builtUrl)
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
