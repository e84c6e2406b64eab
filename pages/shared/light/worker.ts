/** The light client in a worker of its own: checks signatures and proofs without holding up the page. */
import './jitless.ts'
import { genesisHash } from '../../../core/chain/genesis.ts'
import { checked } from './check.ts'
import { escrowsOf, inspect } from './inspect.ts'
import type { Reply, Request } from './messages.ts'
import { knownChain } from './prove.ts'

type Port = {
  addEventListener(type: 'message', listener: (event: MessageEvent<Request>) => void): void
  postMessage(reply: Reply): void
}

const port = globalThis as unknown as Port
let last: Promise<unknown> = Promise.resolve()

port.addEventListener('message', ({ data }) => {
  // One after the other: each begins where the one before has come to.
  last = last.then(async () => port.postMessage(await answerOf(data)))
})

async function answerOf({ id, memory, question }: Request): Promise<Reply> {
  switch (question.ask) {
    case 'check':
      return { id, ...(await checked(question, memory)) }
    case 'escrows':
      return { id, answer: escrowsOf(question.hashes), memory: undefined }
    case 'inspect':
      return { id, answer: await inspected(question, memory), memory: undefined }
  }
}

async function inspected(
  { kind, hex }: Extract<Request['question'], { ask: 'inspect' }>,
  memory: Request['memory'],
) {
  try {
    return inspect(kind, hex, genesisHash((await knownChain(memory)).genesis))
  } catch {
    return { ok: false, reason: 'The site does not say which chain this is.' } as const
  }
}
