/**
 * How one site catches up with another (SPEC.md, SYNC rules): it says what it has, the other answers with
 * what follows. Stateless on the answering side; whoever asks checks everything that comes.
 */
import { bytesEqual } from '../base/bytes.ts'
import { max, min } from '../base/int.ts'
import type { Certificate } from './block.ts'
import type { Engine, ImportError, MessageError, Step } from './engine-api.ts'
import { pullBlocksMax, pullBytesMax, pullLocatorMax, pullMessagesMax } from './limits.ts'

/**
 * What a site has: its final height, and hashes of its head's chain from the head downwards, close at
 * first and then ever further apart; the last is at the final height or below.
 */
export type PullRequest = {
  readonly finalHeight: number
  readonly locator: readonly { readonly height: number; readonly hash: Uint8Array }[]
}

/**
 * What follows: blocks of the answering site's chain above the newest common one, the newest certificate
 * that one of them or a block before them has, and the open votes and commits.
 */
export type PullResponse = {
  readonly head: { readonly height: number; readonly slot: number; readonly hash: Uint8Array }
  readonly finalHeight: number
  readonly finalHash: Uint8Array
  /** Its final block at the asker's final height; undefined while its own is lower. */
  readonly atFinal: Uint8Array | undefined
  readonly blocks: readonly Uint8Array[]
  readonly certificate: Certificate | undefined
  readonly messages: readonly Uint8Array[]
}

/** What taking over an answer did. `more`: the other site had blocks beyond this answer. */
export type PullOutcome = {
  readonly steps: readonly Step[]
  readonly refused: readonly (ImportError | MessageError)[]
  readonly more: boolean
}

/** Says what this site has. */
export function pullRequest(engine: Engine): PullRequest {
  const { height, finalHeight } = engine.head()
  const locator: { height: number; hash: Uint8Array }[] = []
  let [at, gap] = [height, 1]
  while (locator.length < pullLocatorMax - 1 && at > finalHeight) {
    push(at)
    if (locator.length > 8) gap *= 2
    at -= gap
  }
  push(finalHeight)
  return { finalHeight, locator }

  function push(height: number): void {
    const hash = engine.hashesFrom(height, 1)[0]
    if (hash) locator.push({ height, hash })
  }
}

/** Whether this site has what a request asks for: not where that lies below the block with which it began. */
export function canAnswer(engine: Engine, request: PullRequest): boolean {
  const from = startOf(engine, request)
  return from === undefined || from >= engine.keptFrom()
}

/** Answers another site's request out of what this site has. */
export function answerPull(engine: Engine, request: PullRequest): PullResponse {
  const head = engine.head()
  const from = startOf(engine, request)
  const blocks: Uint8Array[] = []
  let size = 0
  for (const hash of from === undefined ? [] : engine.hashesFrom(from, pullBlocksMax)) {
    const bytes = engine.blockBytes(hash)
    if (!bytes || (size > 0 && size + bytes.length > pullBytesMax)) break
    size += bytes.length
    blocks.push(bytes)
  }
  return {
    head: { height: head.height, slot: head.slot, hash: head.hash },
    finalHeight: head.finalHeight,
    finalHash: head.finalHash,
    atFinal:
      request.finalHeight <= head.finalHeight
        ? engine.hashesFrom(request.finalHeight, 1)[0]
        : undefined,
    blocks,
    certificate: head.certificate,
    messages: engine.openMessages().slice(-pullMessagesMax),
  }
}

/** Takes over what another site answered. Never throws; what is refused leaves no trace. */
export function applyPull(engine: Engine, response: PullResponse, nowMs: number): PullOutcome {
  const steps: Step[] = []
  const refused: (ImportError | MessageError)[] = []
  for (const bytes of response.blocks.slice(0, pullBlocksMax)) {
    const done = engine.importBlock({ bytes, certificate: undefined }, nowMs)
    if (!done.ok) {
      refused.push(done.error)
      break
    }
    steps.push(done.value)
  }
  if (response.certificate) {
    const certified = engine.importCertificate(response.certificate, nowMs)
    if (certified.ok) steps.push(certified.value)
    else if (certified.error.code !== 'PARENT_UNKNOWN') refused.push(certified.error)
  }
  const { step, refused: verdicts } = engine.receive(
    response.messages.slice(0, pullMessagesMax),
    nowMs,
  )
  steps.push(step)
  for (const verdict of verdicts) {
    // Stale is what a slower site's messages are; early is what a faster clock's are.
    if (verdict && verdict.code !== 'BEHIND_FINAL' && verdict.code !== 'MESSAGE_EARLY') {
      refused.push(verdict)
    }
  }
  const more = refused.length === 0 && engine.head().height < response.head.height
  return { steps, refused, more: more && response.blocks.length > 0 }
}

/** Height of the first block to answer with; undefined where the asker is ahead. */
function startOf(engine: Engine, request: PullRequest): number | undefined {
  const head = engine.head()
  const common = request.locator.slice(0, pullLocatorMax).find(({ height, hash }) => {
    const own = engine.hashesFrom(height, 1)[0]
    return own !== undefined && bytesEqual(own, hash)
  })
  if (common) return common.height + 1
  // Nothing in common: the asker is ahead, or the two are on conflicting final chains.
  if (request.finalHeight >= head.height) return undefined
  return max(1, min(request.finalHeight, head.finalHeight))
}
