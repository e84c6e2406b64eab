/**
 * Messages that an account signs off the chain, such as a sign-in (SPEC.md, MESSAGE rules). Their bytes
 * name the chain and who asked, so that a signature is worthless on another chain, at another site, and
 * as anything but a message.
 */
import * as P from 'micro-packed'
import { isWellFormed, utf8ToBytes } from '../base/bytes.ts'
import { type Coder, text as textCoder } from '../base/coders.ts'
import { err, ok, type Result } from '../base/result.ts'
import { signingBytes } from './domains.ts'

/** Bounds of a message: most bytes of UTF-8. */
export const signedMessageLimits = { originBytesMax: 255, textBytesMax: 16_384 } as const

/** Origin of what a person signs at a command line, where no page asked. */
export const commandLineOrigin = 'cli'

/**
 * What is signed. `genesisHash`: 32 bytes; `origin`: who asked, such as `https://edge.example.org` or
 * `cli`; `text`: what the person agrees to.
 */
export type SignedMessage = {
  readonly genesisHash: Uint8Array
  readonly origin: string
  readonly text: string
}

/** Why a message cannot be signed. */
export type SignedMessageError =
  | { readonly code: 'ORIGIN_INVALID'; readonly message: string }
  | { readonly code: 'MESSAGE_INVALID'; readonly message: string }

type Body = { origin: string; text: string }
const bodyCoder: Coder<Body> = P.struct({ origin: textCoder, text: textCoder })

/** The bytes that the account signs. A genesis hash of another length is a bug of the caller. */
export function signedMessageBytes(input: SignedMessage): Result<Uint8Array, SignedMessageError> {
  const { genesisHash, origin, text } = input
  if (!isMessageOrigin(origin)) {
    return err({
      code: 'ORIGIN_INVALID',
      message: `the origin must look like https://edge.example.org, or be ${commandLineOrigin}`,
    })
  }
  // Ill-formed text would lose its lone surrogates in UTF-8: two texts, one signature.
  if (!isWellFormed(text)) return invalid('holds half a surrogate pair: not Unicode text')
  const { length } = utf8ToBytes(text)
  if (length === 0) return invalid('is empty')
  if (length > signedMessageLimits.textBytesMax) {
    return invalid(`has ${length} bytes; at most ${signedMessageLimits.textBytesMax} are signed`)
  }
  return ok(signingBytes('message', genesisHash, bodyCoder.encode({ origin, text })))
}

/** Whether text is an origin as `URL.origin` writes it, or the command line's. */
export const isMessageOrigin = (origin: string): boolean =>
  origin === commandLineOrigin ||
  (origin.length <= signedMessageLimits.originBytesMax && originPattern.test(origin))

/** Hosts are ASCII here: browsers write other scripts as `xn--…`. */
const originPattern =
  /^(?:https?|(?:chrome|moz)-extension):\/\/(?:[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?|\[[0-9a-f:.]+\])(?::[1-9][0-9]{0,4})?$/

const invalid = (fault: string): Result<never, SignedMessageError> =>
  err({ code: 'MESSAGE_INVALID', message: `the message ${fault}` })
