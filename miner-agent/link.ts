/**
 * The socket to a site: opens it, answers the challenge, and opens it again when it breaks, after a pause
 * that grows and is drawn at random, so that a site that comes back is not met by all miners at once.
 */
import WebSocket from 'ws'
import { err, ok, type Result } from '../core/base/result.ts'
import { framesOf } from '../core/jobs/frame-batches.ts'
import {
  type MinerFrame,
  minerCloseCodes,
  minerProtocolLimits,
  minerProtocolVersion,
  type ServerFrame,
  serverFrameSchema,
} from '../core/jobs/miner-protocol.ts'
import { cleanText, type Logger } from './log.ts'
import { type Outbox, openOutbox } from './outbox.ts'

export type Challenge = Extract<ServerFrame, { readonly type: 'challenge' }>
export type Welcome = Extract<ServerFrame, { readonly type: 'welcome' }>

/** Why the link ended for good. `CLOSED`: because we wanted it. */
export type LinkEnd = {
  readonly code: 'CLOSED' | 'UNAUTHENTICATED' | 'REPLACED' | 'PROTOCOL' | 'REFUSED'
  readonly message: string
}

export type LinkOptions = {
  /** `ws:` or `wss:`. */
  readonly url: string
  /** Answers a challenge; a refusal ends the link for good. */
  readonly hello: (challenge: Challenge) => Result<MinerFrame, { readonly message: string }>
  /** Called for the welcome and for every frame after it. */
  readonly onFrame: (frame: ServerFrame) => void
  readonly onDown: () => void
  readonly log: Logger
  /** Random number from 0 to 1. */
  readonly random: () => number
  readonly pingMs: number
  /** Longest pause between two tries; 30 s when absent. */
  readonly pauseMaxMs?: number
}

export type Link = {
  /** Sends when the socket is open and welcomed, else drops. */
  send(frame: MinerFrame): void
  readonly isUp: () => boolean
  /** Opens a new socket, to show a new card. */
  renew(): void
  /** Ends the link. */
  close(): void
  readonly ended: Promise<LinkEnd>
}

const pauseFirstMs = 250
const pauseMostMs = 30_000
const handshakeTimeoutMs = 10_000
/** Pings without any sign of life before the socket counts as dead. */
const silentPingsMax = 3

/** Opens the link and keeps it open until it is closed or the site refuses for good. */
export function openLink(options: LinkOptions): Link {
  const state: LinkState = {
    options,
    tries: 0,
    up: false,
    over: false,
    socket: undefined,
    outbox: undefined,
    timer: undefined,
  }
  const ended = new Promise<LinkEnd>((resolve) => {
    state.end = (end) => {
      if (state.over) return
      state.over = true
      clearTimeout(state.timer)
      leave(state, minerCloseCodes.goingAway)
      resolve(end)
    }
  })
  connect(state)
  return {
    send: (frame) => sendFrame(state, frame),
    isUp: () => state.up,
    renew() {
      if (!state.up) return
      leave(state, 1000)
      options.onDown()
      connect(state)
    },
    close: () => state.end?.({ code: 'CLOSED', message: 'closed' }),
    ended,
  }
}

type LinkState = {
  readonly options: LinkOptions
  /** Tries since the last welcome. */
  tries: number
  /** Whether the present socket was welcomed. */
  up: boolean
  over: boolean
  socket: WebSocket | undefined
  outbox: Outbox | undefined
  timer: NodeJS.Timeout | undefined
  end?: (end: LinkEnd) => void
}

function connect(state: LinkState): void {
  const { options } = state
  const socket = new WebSocket(options.url, {
    handshakeTimeout: handshakeTimeoutMs,
    maxPayload: 2 * minerProtocolLimits.frameBytesMax,
    perMessageDeflate: false,
    followRedirects: false,
  })
  state.socket = socket
  const isCurrent = () => state.socket === socket && !state.over
  let badFrames = 0
  let reason = ''
  const stopPings = keepAlive(socket, options.pingMs)
  const welcomeTimer = setTimeout(() => {
    if (isCurrent() && !state.up) socket.terminate()
  }, handshakeTimeoutMs + minerProtocolLimits.helloTimeoutMs)

  socket.on('message', (data, isBinary) => {
    for (const frame of parseFrames(isBinary ? '' : String(data))) {
      if (!isCurrent()) return
      if (frame.ok) {
        onFrame(state, socket, frame.value)
        continue
      }
      badFrames += 1
      options.log.warn('the site sent a frame that is not understood', {
        count: badFrames,
        reason: frame.error,
      })
      if (badFrames < minerProtocolLimits.badFramesMax) continue
      // Not 4400, whose echo would read as the site's own refusal.
      socket.close(1002)
      return
    }
  })
  socket.on('unexpected-response', (_request, response) => {
    reason = `the site answered ${response.statusCode}`
    response.resume()
    if (isCurrent() && (response.statusCode === 401 || response.statusCode === 403)) {
      state.end?.({ code: 'UNAUTHENTICATED', message: reason })
    }
    socket.terminate()
  })
  socket.on('error', (error) => {
    reason ||= error.message
  })
  socket.on('close', (code, text) => {
    stopPings()
    clearTimeout(welcomeTimer)
    if (isCurrent()) onClose(state, code, cleanText(String(text)) || reason)
  })
}

function onFrame(state: LinkState, socket: WebSocket, frame: ServerFrame): void {
  const { options } = state
  if (frame.type === 'challenge') {
    if (frame.version !== minerProtocolVersion) {
      const message = `the site speaks protocol version ${frame.version}, this agent ${minerProtocolVersion}`
      state.end?.({ code: 'PROTOCOL', message })
      return
    }
    const hello = options.hello(frame)
    state.outbox = openOutbox(socket, frame.frames_max ?? 1)
    if (hello.ok) socket.send(JSON.stringify(hello.value))
    else state.end?.({ code: 'REFUSED', message: hello.error.message })
    return
  }
  if (frame.type === 'welcome') {
    state.up = true
    state.tries = 0
  }
  options.onFrame(frame)
}

function onClose(state: LinkState, code: number, reason: string): void {
  const { options } = state
  const wasUp = state.up
  state.up = false
  state.socket = undefined
  state.outbox = undefined
  if (wasUp) options.onDown()
  const final = finalEnd(code, reason)
  if (final !== undefined) {
    state.end?.(final)
    return
  }
  const ceilingMs = Math.min(options.pauseMaxMs ?? pauseMostMs, pauseFirstMs * 2 ** state.tries)
  // Full jitter: anything from almost nothing to the ceiling.
  const pauseMs = Math.ceil(ceilingMs * options.random())
  state.tries += 1
  options.log.warn(wasUp ? 'connection lost' : 'the site cannot be reached', {
    code,
    reason: reason || undefined,
    again_in_ms: pauseMs,
  })
  state.timer = setTimeout(() => connect(state), pauseMs)
}

function finalEnd(code: number, reason: string): LinkEnd | undefined {
  const message = reason || `the site closed the socket with ${code}`
  if (code === minerCloseCodes.unauthenticated) return { code: 'UNAUTHENTICATED', message }
  if (code === minerCloseCodes.replaced) return { code: 'REPLACED', message }
  if (code === minerCloseCodes.protocol) return { code: 'PROTOCOL', message }
  return undefined
}

function sendFrame(state: LinkState, frame: MinerFrame): void {
  const { socket } = state
  if (!state.up || socket?.readyState !== WebSocket.OPEN) return
  state.outbox?.send(frame)
}

function leave(state: LinkState, code: number): void {
  const { socket, outbox } = state
  state.up = false
  state.socket = undefined
  state.outbox = undefined
  if (socket === undefined) return
  if (socket.readyState === WebSocket.OPEN) outbox?.flush()
  socket.close(code)
  // A site that does not answer the close must not keep the program alive.
  setTimeout(() => socket.terminate(), 1_000).unref()
}

function keepAlive(socket: WebSocket, pingMs: number): () => void {
  let silent = 0
  const alive = () => {
    silent = 0
  }
  socket.on('pong', alive)
  socket.on('message', alive)
  const timer = setInterval(() => {
    if (socket.readyState !== WebSocket.OPEN) return
    silent += 1
    if (silent > silentPingsMax) socket.terminate()
    else socket.ping()
  }, pingMs)
  return () => clearInterval(timer)
}

function parseFrames(text: string): readonly Result<ServerFrame, string>[] {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    return [err('not JSON')]
  }
  return framesOf(json)?.map(parseFrame) ?? [err('too many frames in one message, or none')]
}

/** A fault names the field and the rule, never what the frame holds. */
function parseFrame(json: unknown): Result<ServerFrame, string> {
  const parsed = serverFrameSchema.safeParse(json)
  if (parsed.success) return ok(parsed.data)
  const issue = parsed.error.issues[0]
  return err(`${issue?.path.join('.') || 'frame'}: ${issue?.message ?? 'malformed'}`)
}
