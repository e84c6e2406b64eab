/**
 * Sockets of miner agents: who may connect, who they turn out to be, and the frames between. The sockets
 * hibernate; what must survive that is attached to them. Nothing that a miner sends makes this throw.
 */
import { randomBytes } from 'node:crypto'
import type { SignedHello } from '../../core/api/market-coordinator.ts'
import { fromHex, toHex } from '../../core/base/bytes.ts'
import { framesOf } from '../../core/jobs/frame-batches.ts'
import { minerChallengeBytes } from '../../core/jobs/miner-challenge.ts'
import {
  type CapabilityCard,
  capabilityCardSchema,
  type MinerFrame,
  minerCloseCodes,
  minerFrameSchema,
  minerProtocolLimits,
  minerProtocolVersion,
  type ServerFrame,
} from '../../core/jobs/miner-protocol.ts'
import { type Attachment, attach, attachmentOf, close, send } from './agent-messages.ts'
import type { ApiKeys } from './api-keys.ts'
import type { Group } from './grouping.ts'
import { coordinatorLimits as limits } from './limits.ts'
import type { Miner, Miners } from './miners.ts'
import type { Settings } from './settings.ts'

export type AgentSocketParts = {
  readonly state: Pick<DurableObjectState, 'acceptWebSocket' | 'getWebSockets'>
  readonly settings: Settings
  readonly apiKeys: ApiKeys
  readonly miners: Miners
  readonly now: () => number
  readonly wakeAt: (dueAtMs: number) => void
  /** A miner has proved itself: what it may resume, and what is to be done right after the welcome. */
  readonly onHello: (miner: Miner, resume: readonly string[]) => Welcome
  readonly onFrame: (miner: Miner, frame: AgentFrame) => void
  readonly onGone: (minerId: string) => void
  /** A miner has proved its key; what it signed is kept, so that others can check its card. */
  readonly onSigned: (hello: SignedHello & { readonly minerId: string }) => void
  /** Frames that are written at once share a commit. */
  readonly group: Group
}

export type Welcome = {
  readonly resume: Extract<ServerFrame, { type: 'welcome' }>['resume']
  readonly afterWelcome: () => void
}

export type AgentSockets = ReturnType<typeof openAgentSockets>

type Hello = Extract<MinerFrame, { type: 'hello' }>

/** What a miner says once it is known. */
export type AgentFrame = Exclude<MinerFrame, { type: 'hello' }>

/** Takes over the sockets that are there: all of them, after a hibernation; none, after a restart. */
export function openAgentSockets(parts: AgentSocketParts) {
  const { state, settings, apiKeys, miners, now } = parts

  for (const socket of state.getWebSockets()) {
    const { minerId } = attachmentOf(socket)
    if (minerId !== undefined) miners.restoreAgent(minerId, socket, now())
  }

  const bad = (socket: WebSocket, code: string, message: string): void => {
    const attachment = attachmentOf(socket)
    const badFrames = attachment.badFrames + 1
    attach(socket, { ...attachment, badFrames })
    send(socket, { type: 'error', code, message })
    if (badFrames >= minerProtocolLimits.badFramesMax) {
      close(socket, minerCloseCodes.protocol, 'too many bad frames')
    }
  }

  const hello = (socket: WebSocket, attachment: Attachment, frame: Hello): void => {
    const refusal = admitHello(settings, apiKeys, attachment, frame)
    if ('code' in refusal) {
      send(socket, { type: 'error', code: refusal.name, message: refusal.message })
      close(socket, refusal.code, refusal.message)
      return
    }
    const { publicKey, card } = refusal
    const minerId = miners.idFor(frame.miner_id, publicKey)
    const before = miners.get(minerId)?.socket
    if (!before && miners.count() >= limits.minersMax) {
      close(socket, minerCloseCodes.tooManySockets, 'this site has as many miners as it takes')
      return
    }
    attach(socket, { ...attachment, minerId, framesMax: frame.frames_max ?? 1 })
    const entering = { minerId, publicKey, card, cardText: frame.card, socket }
    const miner = miners.enterAgent(entering, now())
    parts.onSigned({
      minerId,
      version: frame.version,
      site: attachment.site,
      nonce: attachment.nonce,
      label: frame.miner_id,
      publicKey: frame.public_key,
      text: frame.card,
      signature: frame.signature,
    })
    if (before && before !== socket) {
      attach(before, { ...attachmentOf(before), minerId: undefined })
      close(before, minerCloseCodes.replaced, 'this miner has connected again')
    }
    const { resume, afterWelcome } = parts.onHello(miner, frame.resume)
    const heartbeat = limits.heartbeatMs
    send(socket, { type: 'welcome', miner_id: minerId, heartbeat_ms: heartbeat, resume })
    afterWelcome()
  }

  const gone = (socket: WebSocket): void => {
    const { minerId } = attachmentOf(socket)
    const miner = minerId === undefined ? undefined : miners.get(minerId)
    if (minerId === undefined || miner?.socket !== socket) return
    miners.leave(minerId)
    parts.onGone(minerId)
  }

  /** Closes a socket whose frame could not be kept: its miner comes back and sends it again. */
  const failed = (socket: WebSocket, error: unknown): void => {
    console.error(JSON.stringify({ msg: 'frame not kept', error: String(error) }))
    gone(socket)
    close(socket, internalError, 'the frame could not be kept; connect and send it again')
  }

  return {
    /** Takes a new socket that came from `address` to `host`, or closes it with a code that says why. */
    accept: (
      socket: WebSocket,
      from: { readonly address: string; readonly host: string },
    ): void => {
      const { address } = from
      const site = settings.siteHost ?? from.host
      const fault = crowd(state.getWebSockets().map(attachmentOf), address)
      if (fault !== undefined) {
        socket.accept()
        close(socket, minerCloseCodes.tooManySockets, fault)
        return
      }
      const nonce = toHex(new Uint8Array(randomBytes(32)))
      const openedAtMs = now()
      state.acceptWebSocket(socket)
      const fresh = { address, site, openedAtMs, nonce, minerId: undefined, badFrames: 0 }
      attach(socket, fresh)
      parts.wakeAt(openedAtMs + minerProtocolLimits.helloTimeoutMs)
      send(socket, {
        type: 'challenge',
        version: minerProtocolVersion,
        nonce,
        site,
        genesis_hash: toHex(settings.genesisHash),
        chain_id: settings.genesis.chainId,
        coordinator: toHex(settings.coordinator.publicKey),
        frames_max: minerProtocolLimits.framesMax,
      })
    },

    message: (socket: WebSocket, message: string | ArrayBuffer): void => {
      const frames: AgentFrame[] = []
      for (const frame of readFrames(message)) {
        if (!frame.ok) {
          bad(socket, frame.code, frame.message)
          if (attachmentOf(socket).badFrames >= minerProtocolLimits.badFramesMax) return
          continue
        }
        const attachment = attachmentOf(socket)
        const { value } = frame
        if (attachment.minerId === undefined) {
          if (value.type === 'hello') {
            hello(socket, attachment, value)
            // Refused, and closed: what follows is not even read.
            if (attachmentOf(socket).minerId === undefined) return
          } else bad(socket, 'HELLO_REQUIRED', 'the first frame is hello')
        } else if (value.type === 'hello') bad(socket, 'HELLO_TWICE', 'hello was said already')
        else frames.push(value)
      }
      const { minerId } = attachmentOf(socket)
      const miner = minerId === undefined ? undefined : miners.get(minerId)
      // A socket that was replaced may still have frames under way.
      if (miner?.socket !== socket) return
      miner.seenAtMs = now()
      const written = new Set(frames.filter(isWritten).map(({ attempt_id }) => attempt_id))
      const grouped: AgentFrame[] = []
      for (const frame of frames) {
        // What ends in this very message is written once, at its end.
        if ('attempt_id' in frame && written.has(frame.attempt_id)) grouped.push(frame)
        else parts.onFrame(miner, frame)
      }
      if (grouped.length === 0) return
      const handled = parts.group(() => {
        for (const frame of grouped) parts.onFrame(miner, frame)
      })
      handled.catch((error) => failed(socket, error))
    },

    failed,

    closed: (socket: WebSocket): void => {
      gone(socket)
      close(socket, minerCloseCodes.goingAway, '')
    },

    /** Closes sockets that never said hello and miners that have gone silent. Returns when next. */
    sweep: (): number | undefined => {
      const nowMs = now()
      let next: number | undefined
      for (const socket of state.getWebSockets()) {
        const { minerId, openedAtMs } = attachmentOf(socket)
        const miner = minerId === undefined ? undefined : miners.get(minerId)
        const due = miner
          ? miner.seenAtMs + limits.minerSilentMsMax
          : openedAtMs + minerProtocolLimits.helloTimeoutMs
        if (nowMs < due && (miner || nowMs >= openedAtMs)) {
          next = Math.min(next ?? due, due)
          continue
        }
        gone(socket)
        const code = miner ? minerCloseCodes.goingAway : minerCloseCodes.unauthenticated
        close(socket, code, miner ? 'no sign of life' : 'no valid hello in time')
      }
      return next
    },

    /** Counts a frame that fits the schema but not what was agreed. */
    misbehaved: (miner: Miner, code: string, message: string): void => {
      if (miner.socket) bad(miner.socket, code, message)
    },
  }
}

/** RFC 6455: the server met a condition that it did not expect. */
const internalError = 1011

function crowd(others: readonly Attachment[], address: string): string | undefined {
  const isPending = (each: Attachment) => each.minerId === undefined
  const near = others.filter((each) => each.address === address)
  if (others.length >= limits.socketsMax) return 'this site has as many sockets as it takes'
  if (others.filter(isPending).length >= limits.pendingMax) return 'too many sockets without hello'
  if (near.length >= limits.socketsPerAddressMax) return 'too many sockets from this address'
  return near.filter(isPending).length >= limits.pendingPerAddressMax
    ? 'too many sockets without hello from this address'
    : undefined
}

type Admitted = { readonly publicKey: Uint8Array; readonly card: CapabilityCard }
type Refusal = { readonly code: number; readonly name: string; readonly message: string }

/** Checks version, key, card and signature of a hello. */
function admitHello(
  settings: Settings,
  apiKeys: ApiKeys,
  attachment: Attachment,
  frame: Hello,
): Admitted | Refusal {
  if (frame.version !== minerProtocolVersion) {
    const message = `this site speaks version ${minerProtocolVersion}`
    return { code: minerCloseCodes.protocol, name: 'VERSION_UNKNOWN', message }
  }
  const unknown = (name: string, message: string): Refusal => ({
    code: minerCloseCodes.unauthenticated,
    name,
    message,
  })
  const publicKey = fromHex(frame.public_key, 32)
  const signature = fromHex(frame.signature, 64)
  const nonce = fromHex(attachment.nonce, 32)
  if (!publicKey.ok || !signature.ok || !nonce.ok) return unknown('KEY_INVALID', 'malformed key')
  const message = minerChallengeBytes(settings.genesisHash, {
    version: frame.version,
    site: attachment.site,
    nonce: nonce.value,
    minerId: frame.miner_id,
    publicKey: publicKey.value,
    card: frame.card,
  })
  const input = { signature: signature.value, message, publicKey: publicKey.value }
  if (!settings.verifier.verify(input)) {
    return unknown('SIGNATURE_INVALID', 'the challenge was not signed by this key')
  }
  if (frame.api_key !== undefined && !apiKeys.publicIdOf(frame.api_key, 'miner')) {
    return unknown('API_KEY_UNKNOWN', 'this API key is not known here')
  }
  const card = capabilityCardSchema.safeParse(parsed(frame.card))
  if (!card.success) {
    const issue = card.error.issues[0]
    const message = `card: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'malformed'}`
    return { code: minerCloseCodes.protocol, name: 'CARD_INVALID', message: message.slice(0, 120) }
  }
  return { publicKey: publicKey.value, card: card.data }
}

/** Frames whose effect is on disk before it is told; the others are remembered, or change nothing. */
const isWritten = (
  frame: AgentFrame,
): frame is Extract<AgentFrame, { type: 'result' | 'reject' | 'fail' }> =>
  frame.type === 'result' || frame.type === 'reject' || frame.type === 'fail'

type Read =
  | { readonly ok: true; readonly value: MinerFrame }
  | { readonly ok: false; readonly code: string; readonly message: string }

function readFrames(message: string | ArrayBuffer): readonly Read[] {
  if (typeof message !== 'string') {
    return [{ ok: false, code: 'FRAME_INVALID', message: 'frames are JSON text' }]
  }
  if (message.length > minerProtocolLimits.frameBytesMax) {
    return [{ ok: false, code: 'FRAME_TOO_LARGE', message: 'the message is too large' }]
  }
  const frames = framesOf(parsed(message))
  if (frames) return frames.map(readFrame)
  return [{ ok: false, code: 'FRAME_INVALID', message: 'too many frames in one message, or none' }]
}

function readFrame(json: unknown): Read {
  const frame = minerFrameSchema.safeParse(json)
  if (frame.success) return { ok: true, value: frame.data }
  const issue = frame.error.issues[0]
  const path = issue?.path.join('.') ?? ''
  return { ok: false, code: 'FRAME_INVALID', message: `${path}: ${issue?.message ?? 'malformed'}` }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
