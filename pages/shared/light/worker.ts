/** The light client in a worker of its own: checks signatures and proofs without holding up the page. */
import './jitless.ts'
import { answerOf } from './check.ts'
import type { Reply, Request } from './messages.ts'

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
