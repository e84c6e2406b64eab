/** The modules of a QR code, with its quiet zone; true is dark. */
import { encode } from 'uqr'

/** The quiet zone that the standard asks for. */
const borderModules = 4

export const qrMatrix = (text: string): readonly (readonly boolean[])[] =>
  encode(text, { border: borderModules }).data
