/** The page's side of the light client: one worker, started at the first question. */
import type { Asked, Checked, Memory, Reply, Request } from './messages.ts'
import builtUrl from './worker.ts?worker&url'

/** Key in localStorage: the chain that this browser knows of this site. */
const memoryKey = 'aitbc:chain'

const workerUrl: string = builtUrl

let worker: Worker | undefined
let nextId = 1
const open = new Map<number, (checked: Checked) => void>()

/** Has a fact checked. Never rejects. */
export function check(asked: Asked): Promise<Checked> {
  return new Promise((resolve) => {
    try {
      worker ??= startWorker()
      const id = nextId++
      open.set(id, resolve)
      worker.postMessage({ ...asked, id, memory: recall() } satisfies Request)
    } catch {
      resolve(broken())
    }
  })
}

function startWorker(): Worker {
  const started = new Worker(trustedUrl() as string, { type: 'module' })
  started.addEventListener('message', ({ data }: MessageEvent<Reply>) => {
    if (data.memory) keep(data.memory)
    open.get(data.id)?.(data.checked)
    open.delete(data.id)
  })
  started.addEventListener('error', () => {
    for (const resolve of open.values()) resolve(broken())
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

const broken = (): Checked => ({
  state: 'unverifiable',
  code: 'BROKEN',
  reason: 'This browser could not start the check.',
})
