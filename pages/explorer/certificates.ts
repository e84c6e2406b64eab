/**
 * Who signed the newest final blocks. A certificate travels in the header of a later block, as canonical
 * bytes; the newest one in the answer about the head.
 */
import { fromHex, toHex } from '../../core/base/bytes.ts'
import { type Coder, decodeCanonical } from '../../core/base/coders.ts'
import { type Certificate, certificateCoder, signedHeaderCoder } from '../../core/chain/block.ts'
import { getJson } from '../shared/live/request.ts'
import { maybe, object, text } from '../shared/live/shape.ts'

/** One final block and the authorities whose commits prove it: indices into the set. */
export type Signed = {
  readonly height: number
  readonly slot: number
  /** Hash of the set that the indices belong to. */
  readonly authorities: string
  readonly signers: readonly number[]
}

/** How many certificates a page looks at: one request each, and each only once. */
export const certificatesMax = 16

const head = object({ certificate: maybe(text) })
const blockWithHeader = object({ hash: text, header: text })

const known = new Map<string, Signed | undefined>()

/** Certificates out of the headers of these blocks, and the newest one, newest first, one a block. */
export async function readCertificates(hashes: readonly string[]): Promise<readonly Signed[]> {
  const [newest, ...others] = await Promise.all([
    getJson('/rpc/head', head),
    ...hashes.slice(0, certificatesMax).map(certificateIn),
  ])
  const ofHead = newest.ok
    ? decoded(certificateCoder, newest.value.value.certificate ?? '')
    : undefined
  const found = [ofHead && signedOf(ofHead), ...others].filter((one) => one !== undefined)
  const byHeight = new Map(found.map((one) => [one.height, one]))
  return [...byHeight.values()].sort((a, b) => b.height - a.height).slice(0, certificatesMax)
}

async function certificateIn(hash: string): Promise<Signed | undefined> {
  if (known.has(hash)) return known.get(hash)
  const answer = await getJson(`/rpc/blocks/${encodeURIComponent(hash)}`, blockWithHeader)
  if (!answer.ok) return undefined
  const certificate = decoded(signedHeaderCoder, answer.value.value.header)?.header.certificate
  const signed = certificate && signedOf(certificate)
  if (known.size > 10 * certificatesMax) known.clear()
  known.set(hash, signed)
  return signed
}

const signedOf = ({ height, slot, authorities, signatures }: Certificate): Signed => ({
  height: Number(height),
  slot: Number(slot),
  authorities: toHex(authorities),
  signers: signatures.map(({ authority }) => authority),
})

function decoded<T>(coder: Coder<T>, hex: string): T | undefined {
  const bytes = fromHex(hex)
  if (!bytes.ok) return undefined
  const value = decodeCanonical(coder, bytes.value)
  return value.ok ? value.value : undefined
}
