/** Both ends of a miner's socket in memory: frames travel in events of their own, in order, both ways. */
import type { Agent } from './agent-socket.ts'

/** The server's end of a socket in memory, as much as the coordinator uses. */
export type FakeSocket = {
  readonly peer: ReturnType<Agent['attach']>
  attachment: unknown
}

/** Connects an agent to handlers that stand for the runtime's. */
export function createFakeSocket(
  agent: Agent,
  server: { readonly onMessage: (text: string) => void; readonly onClose: () => void },
): FakeSocket & Record<string, unknown> {
  let isOpen = true
  const later = (action: () => void) => void setTimeout(action, 0)
  const socket = {
    attachment: undefined as unknown,
    accept: () => undefined,
    serializeAttachment: (value: unknown) => {
      socket.attachment = structuredClone(value)
    },
    deserializeAttachment: () => socket.attachment,
    send: (text: string) => {
      if (!isOpen) throw new Error('closed')
      later(() => isOpen && socket.peer.receive(text))
    },
    close: (code: number, reason: string) => {
      if (!isOpen) return
      isOpen = false
      later(() => {
        socket.peer.onClose(code, reason)
        server.onClose()
      })
    },
    peer: agent.attach({
      send: (text) => later(() => isOpen && server.onMessage(text)),
      close: () => {
        if (!isOpen) return
        isOpen = false
        later(() => {
          socket.peer.onClose(1000, '')
          server.onClose()
        })
      },
    }),
  }
  return socket
}
