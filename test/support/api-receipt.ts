/**
 * Checking a receipt of the original as its Python programs do, written apart from the product's code:
 * the canonical text from the JSON as it came, the signatures by Node's own crypto.
 */
import { createHash, createPublicKey, verify } from 'node:crypto'

export type CheckedReceipt = {
  readonly canonical: string
  /** SHA-256 of the canonical text, hex. */
  readonly hash: string
  /** Keys whose signatures hold, base64url: first the receipt's own, then the attestations'. */
  readonly keys: readonly string[]
}

type Signature = { readonly alg: string; readonly key_id: string; readonly sig: string }

/** Throws for the first signature that does not hold. */
export function checkReceipt(text: string): CheckedReceipt {
  const { signature, attestations, ...receipt } = JSON.parse(text, keepSpelling) as Record<
    string,
    unknown
  >
  const canonical = canonicalOf(receipt)
  const all = [signature, ...((attestations as unknown[] | undefined) ?? [])] as Signature[]
  for (const { alg, key_id, sig } of all) {
    const key = createPublicKey({
      format: 'jwk',
      key: { kty: 'OKP', crv: alg, x: key_id },
    })
    if (!verify(null, Buffer.from(canonical), key, Buffer.from(sig, 'base64url'))) {
      throw new Error(`the signature of ${key_id} does not hold`)
    }
  }
  const hash = createHash('sha256').update(canonical).digest('hex')
  return { canonical, hash, keys: all.map(({ key_id }) => key_id) }
}

/** A number as it was written: Python tells 1 from 1.0. */
class Spelled {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

function keepSpelling(_key: string, value: unknown, context?: { source?: string }): unknown {
  return typeof value === 'number' ? new Spelled(context?.source ?? String(value)) : value
}

function canonicalOf(value: unknown): string {
  if (value instanceof Spelled) return numberOf(value.text)
  if (Array.isArray(value)) {
    return `[${value
      .filter((each) => each !== null)
      .map(canonicalOf)
      .join(',')}]`
  }
  if (typeof value === 'object' && value !== null) {
    const fields = Object.entries(value).filter(([, each]) => each !== null)
    const sorted = fields.sort(([a], [b]) => Buffer.compare(utf32(a), utf32(b)))
    return `{${sorted.map(([key, each]) => `${ascii(key)}:${canonicalOf(each)}`).join(',')}}`
  }
  return typeof value === 'string' ? ascii(value) : String(value)
}

/** As `json.dumps` prints what `json.loads` read. */
function numberOf(text: string): string {
  if (!/[.eE]/.test(text)) return BigInt(text).toString()
  const number = Number(text)
  const size = Math.abs(number)
  if (number !== 0 && (size < 1e-4 || size >= 1e16)) {
    return number.toExponential().replace(/e([+-])(\d)$/, 'e$10$2')
  }
  const shortest = String(number)
  return shortest.includes('.') ? shortest : `${shortest}.0`
}

const ascii = (text: string): string =>
  JSON.stringify(text).replace(/[\u007f-\uffff]/g, (unit) =>
    unit === '\u007f' ? unit : `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )

const utf32 = (text: string): Buffer => {
  const points = [...text].map((each) => each.codePointAt(0) ?? 0)
  const bytes = Buffer.alloc(points.length * 4)
  for (const [index, point] of points.entries()) bytes.writeUInt32BE(point, index * 4)
  return bytes
}
