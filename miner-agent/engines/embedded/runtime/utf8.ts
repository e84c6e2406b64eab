/**
 * UTF-8 by hand, for places without TextEncoder types, and decoding that never cuts a character
 * in two when its bytes come in pieces.
 */

const REPLACEMENT = '\ufffd'

/** Encodes text; a lone surrogate becomes U+FFFD, as in TextEncoder. */
export function utf8Bytes(text: string): Uint8Array {
  const bytes: number[] = []
  for (const character of text) {
    const point = character.codePointAt(0) ?? 0
    const code = point >= 0xd800 && point <= 0xdfff ? 0xfffd : point
    if (code < 0x80) bytes.push(code)
    else if (code < 0x800) bytes.push(0xc0 | (code >> 6), tail(code))
    else if (code < 0x10000) bytes.push(0xe0 | (code >> 12), tail(code >> 6), tail(code))
    else bytes.push(0xf0 | (code >> 18), tail(code >> 12), tail(code >> 6), tail(code))
  }
  return Uint8Array.from(bytes)
}

/** Decodes whole text; bytes that are not UTF-8 become U+FFFD, as in TextDecoder. */
export function utf8Text(bytes: Iterable<number>): string {
  const decoder = utf8Decoder()
  return decoder.push(bytes) + decoder.end()
}

export type Utf8Decoder = {
  /** Returns the characters that these bytes complete; an unfinished one waits for the next call. */
  push(bytes: Iterable<number>): string
  /** Returns U+FFFD when a character was left unfinished, else nothing. */
  end(): string
}

/** A decoder that keeps unfinished characters between calls. */
export function utf8Decoder(): Utf8Decoder {
  let point = 0
  let missing = 0
  // Bounds of the next byte: narrower after some lead bytes (Unicode standard, table 3-7).
  let low = 0x80
  let high = 0xbf

  const begin = (byte: number): string => {
    low = byte === 0xe0 ? 0xa0 : byte === 0xf0 ? 0x90 : 0x80
    high = byte === 0xed ? 0x9f : byte === 0xf4 ? 0x8f : 0xbf
    if (byte < 0x80) return String.fromCharCode(byte)
    if (byte >= 0xc2 && byte <= 0xdf) return wait(1, byte & 0x1f)
    if (byte >= 0xe0 && byte <= 0xef) return wait(2, byte & 0x0f)
    if (byte >= 0xf0 && byte <= 0xf4) return wait(3, byte & 0x07)
    return REPLACEMENT
  }
  const wait = (count: number, bits: number): string => {
    missing = count
    point = bits
    return ''
  }
  const step = (byte: number): string => {
    if (missing === 0) return begin(byte)
    if (byte < low || byte > high) {
      missing = 0
      return REPLACEMENT + begin(byte)
    }
    point = (point << 6) | (byte & 0x3f)
    low = 0x80
    high = 0xbf
    missing -= 1
    return missing === 0 ? String.fromCodePoint(point) : ''
  }
  return {
    push(bytes) {
      let text = ''
      for (const byte of bytes) text += step(byte)
      return text
    },
    end() {
      const cut = missing > 0
      missing = 0
      return cut ? REPLACEMENT : ''
    },
  }
}

function tail(bits: number): number {
  return 0x80 | (bits & 0x3f)
}
