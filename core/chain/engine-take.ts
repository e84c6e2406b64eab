/**
 * Taking over a block made elsewhere: whatever of it is news, as one atomic write.
 */
import { bytesEqual, toHex } from '../base/bytes.ts'
import { quorumOf } from '../base/int.ts'
import { err, ok, type Result } from '../base/result.ts'
import { type Block, type Certificate, headerHash } from './block.ts'
import type { ImportError, Step } from './engine-api.ts'
import type { EngineContext, EngineMemory } from './engine-core.ts'
import { certifies, decodeBlock, executeImport, readBlock } from './engine-import.ts'
import type { Stepper } from './engine-session.ts'

/** A block, and a certificate of it where there is one. */
export type ImportInput = {
  readonly bytes: Uint8Array
  readonly certificate: Certificate | undefined
  readonly nowMs: number
}

/** Checks a block and takes it over, with the certificates that it brings. */
export function importInto(
  context: EngineContext,
  memory: EngineMemory,
  { bytes, certificate, nowMs }: ImportInput,
  step: Stepper,
): Result<Step, ImportError> {
  const decoded = decodeBlock(bytes)
  if (!decoded.ok) return decoded
  if (isFinalAlready(context, memory, decoded.value)) return ok(step(nowMs, undefined))
  endSet(context, memory, { block: decoded.value, nowMs }, step)
  const read = readBlock(context, memory, decoded.value)
  if (!read.ok) return read
  const { block, hash } = read.value
  const { header } = block.signedHeader
  const held = context.store.readBlock(hash) !== undefined
  const slot = Number(header.slot)
  const own = memory.rules.authorities[memory.rules.self ?? -1]?.publicKey
  if (!held && own && bytesEqual(own, header.proposer) && isForgotten(memory, hash, slot)) {
    step(nowMs, (session) => {
      session.input({ kind: 'own_signature_met', slot })
    })
  }
  const isNews = certificate && Number(certificate.height) > memory.consensus.final.height
  if (isNews && !certifies(context, memory, certificate, { ...header, hash })) {
    return err({ code: 'CERTIFICATE_INVALID', message: 'no quorum certifies this block' })
  }
  const executed = held ? undefined : executeImport(context, memory, { block, hash, nowMs })
  if (executed && !executed.ok) return executed
  const certificates = [header.certificate, certificate].filter(
    (known) => known && Number(known.height) > memory.consensus.final.height,
  )
  if (!executed && certificates.length === 0) return ok(step(nowMs, undefined))
  return ok(
    step(nowMs, (session) => {
      if (executed) session.takeOver(executed.value)
      for (const known of certificates) {
        if (known) session.input({ kind: 'certified', certificate: known })
      }
    }),
  )
}

/** Checks a certificate of a block that is held, and takes it over. An older one is no step. */
export function takeCertificate(
  context: EngineContext,
  memory: EngineMemory,
  { certificate, nowMs }: { readonly certificate: Certificate; readonly nowMs: number },
  step: Stepper,
): Result<Step, ImportError> {
  if (Number(certificate.height) <= memory.consensus.final.height) return ok(step(nowMs, undefined))
  const held = context.store.readBlock(certificate.block)
  if (!held) return err({ code: 'PARENT_UNKNOWN', message: 'the certified block is not held' })
  const ref = { hash: held.hash, height: BigInt(held.height), slot: BigInt(held.slot) }
  if (!certifies(context, memory, certificate, ref)) {
    return err({ code: 'CERTIFICATE_INVALID', message: 'no quorum certifies this block' })
  }
  return ok(step(nowMs, (session) => session.input({ kind: 'certified', certificate })))
}

/**
 * Whether a block of this site's own making is one that it cannot have let go. Below the final block a
 * branch of its own may have lost and be gone, except where this site is its own quorum.
 */
function isForgotten(memory: EngineMemory, hash: Uint8Array, slot: number): boolean {
  if (slot <= memory.consensus.final.slot) return quorumOf(memory.rules.authorities.length) === 1
  return !memory.proposed.has(toHex(hash))
}

/** Whether a block is one of the final ones that this site holds: no news, by whatever set it is. */
function isFinalAlready({ store }: EngineContext, memory: EngineMemory, block: Block): boolean {
  const { header } = block.signedHeader
  if (header.height > BigInt(memory.consensus.final.height)) return false
  return store.readBlock(headerHash(header)) !== undefined
}

/**
 * A block of the next set brings the certificate of the last block of the one before: whoever does not have
 * it yet takes it over first, since only then can the block be judged.
 */
function endSet(
  context: EngineContext,
  memory: EngineMemory,
  { block, nowMs }: { readonly block: Block; readonly nowMs: number },
  step: Stepper,
): void {
  const { certificate, parent } = block.signedHeader.header
  if (!certificate || !bytesEqual(certificate.block, parent)) return
  if (memory.closesAt === undefined) return
  takeCertificate(context, memory, { certificate, nowMs }, step)
}
