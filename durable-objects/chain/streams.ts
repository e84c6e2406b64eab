/**
 * The streams of the chain: `/rpc/ws/blocks` and `/rpc/ws/transactions`, on hibernating sockets. Sending
 * never waits: a listener that does not keep up is closed and may connect anew.
 */

import { pooledToJson } from '../../core/api/rpc-transactions.ts'
import { type BlockSummary, blockSummaryToJson } from '../../core/api/rpc-views.ts'
import { slotAt } from '../../core/chain/consensus.ts'
import type { TransactionView } from '../../core/chain/views.ts'
import { chainNodeLimits as limits } from './limits.ts'

export type StreamName = 'blocks' | 'transactions'

/** WebSocket close codes (RFC 6455, section 7.4, and the IANA registry). */
const closeCodes = { normal: 1000, unsupported: 1003, tryAgain: 1013 } as const

export type Streams = {
  /** Takes a socket that asks for a stream; the answer is 101, or says why not. */
  readonly accept: (name: StreamName) => Response
  /** Whether anybody listens. */
  readonly isHeard: (name: StreamName) => boolean
  readonly sendBlocks: (blocks: readonly BlockSummary[]) => void
  readonly sendTransactions: (transactions: readonly TransactionView[]) => void
}

/** Opens the streams on the sockets that the object has, those that slept through a restart included. */
export function openStreams(state: DurableObjectState, genesisTimeMs: number): Streams {
  state.setWebSocketAutoResponse(new WebSocketRequestResponsePair('ping', 'pong'))
  const sent = new WeakMap<WebSocket, { chars: number; sinceMs: number }>()
  let slot = -1
  let framesInSlot = 0

  const broadcast = (name: StreamName, frames: readonly string[]) => {
    for (const socket of state.getWebSockets(name)) {
      for (const frame of frames) {
        if (!send(socket, frame)) break
      }
    }
  }
  const send = (socket: WebSocket, frame: string): boolean => {
    const pingedMs = state.getWebSocketAutoResponseTimestamp(socket)?.getTime() ?? 0
    const account = sent.get(socket) ?? { chars: 0, sinceMs: pingedMs }
    const chars = (pingedMs > account.sinceMs ? 0 : account.chars) + frame.length
    sent.set(socket, { chars, sinceMs: Math.max(pingedMs, account.sinceMs) })
    if (chars > limits.unacknowledgedCharsMax) {
      closeSocket(socket, closeCodes.tryAgain, 'say ping to keep listening')
      return false
    }
    try {
      socket.send(frame)
      return true
    } catch {
      return false
    }
  }

  return {
    accept: (name) => {
      if (state.getWebSockets(name).length >= limits.socketsMax) {
        return new Response('Too many listeners.', {
          status: 503,
          headers: { 'retry-after': '30' },
        })
      }
      const pair = new WebSocketPair()
      state.acceptWebSocket(pair[1], [name])
      return new Response(null, { status: 101, webSocket: pair[0] })
    },
    isHeard: (name) => state.getWebSockets(name).length > 0,
    sendBlocks: (blocks) => {
      const frames = blocks.map((block) => JSON.stringify(blockSummaryToJson(block, genesisTimeMs)))
      broadcast('blocks', frames)
    },
    sendTransactions: (transactions) => {
      const now = slotAt({ genesisTimeMs }, Date.now())
      if (now !== slot) {
        slot = now
        framesInSlot = 0
      }
      const room = Math.max(0, limits.transactionFramesPerSlot - framesInSlot)
      framesInSlot += transactions.length
      const frames = transactions.slice(0, room).map((view) => JSON.stringify(pooledToJson(view)))
      const skipped = transactions.length - frames.length
      if (skipped > 0) frames.push(JSON.stringify({ gap: skipped }))
      broadcast('transactions', frames)
    },
  }
}

/** Listeners have nothing to say: pings are answered by the runtime, anything else ends the stream. */
export const refuseMessage = (socket: WebSocket): void =>
  closeSocket(socket, closeCodes.unsupported, 'this stream takes no messages')

/** Answers a close, as the runtime wants it. Codes that must not be sent become a normal one. */
export const answerClose = (socket: WebSocket, code: number): void =>
  closeSocket(socket, code >= 3000 || code === 1001 ? code : closeCodes.normal, '')

function closeSocket(socket: WebSocket, code: number, reason: string): void {
  try {
    socket.close(code, reason)
  } catch {
    // It is gone already.
  }
}
