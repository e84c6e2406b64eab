/** Checks proofs in a worker of its own, so that no window waits for signatures to be checked. */
import '../../shared/light/jitless.ts'
import type { ProofReply, ProofRequest } from './messages.ts'
import { prove } from './prove.ts'

type WorkerScope = {
  addEventListener(type: 'message', listener: (event: MessageEvent<ProofRequest>) => void): void
  postMessage(reply: ProofReply): void
}

const scope = globalThis as unknown as WorkerScope

scope.addEventListener('message', ({ data }) => {
  void prove(data).then((reply) => scope.postMessage(reply))
})
