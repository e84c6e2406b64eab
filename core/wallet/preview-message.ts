/**
 * What a message says and who asks for it, for the person who is about to sign it (SPEC.md, PREVIEW
 * rules), with what is suspicious about it.
 */
import { isLoopback } from '../base/loopback.ts'
import { commandLineOrigin } from '../crypto/signed-message.ts'
import { type RiskLevel, worstFirst } from './preview-risks.ts'
import { hasHiddenText, visibleText } from './visible-text.ts'

/** Every flag that a message may raise. */
export type MessageRiskCode =
  | 'ORIGIN_MISMATCH'
  | 'ORIGIN_INSECURE'
  | 'ORIGIN_LOOKALIKE'
  | 'SIGN_IN_ELSEWHERE'
  | 'TEXT_HIDDEN'
  | 'TEXT_OPAQUE'
  | 'TEXT_GAP'
  | 'TEXT_LONG'

/** Why a person should stop before signing a message. */
export type MessageRisk = {
  readonly level: RiskLevel
  readonly code: MessageRiskCode
  readonly text: string
}

/** A message in words. `text` is the whole of it, with hidden characters written out. */
export type MessagePreview = {
  readonly title: string
  readonly origin: string
  readonly text: string
  readonly isSignIn: boolean
  readonly risks: readonly MessageRisk[]
}

/**
 * Digits without a break from which on nobody can know what is agreed to, characters of a long text, and
 * empty lines that push the rest of a text out of sight.
 */
export const messageRiskLimits = { opaqueChars: 64, longChars: 2_000, gapLines: 5 } as const

/**
 * Shows a message before it is signed. Never throws, whatever the texts are.
 *
 * @param input `origin`: what would be signed as who asked; `requester`: who really asks, as the browser
 * says; `knownOrigins`: sites that the person uses, for the look-alikes among others; `knownTexts`: digits
 * that this program knows to be harmless here, such as the genesis hash.
 */
export function previewMessage(input: {
  readonly origin: string
  readonly text: string
  readonly requester: string
  readonly knownOrigins: readonly string[]
  readonly knownTexts: readonly string[]
}): MessagePreview {
  const { origin, text, requester, knownOrigins, knownTexts } = input
  const isSignIn = /\bsign(?:s|ing)?[ -]?in\b|\blog[ -]?in\b/i.test(text)
  const asker = visibleText(requester)
  return {
    title: isSignIn ? `Sign in to ${hostOf(asker)}` : `Sign a message for ${asker}`,
    origin: visibleText(origin),
    text: visibleText(text),
    isSignIn,
    risks: worstFirst([
      ...originRisks(origin, requester, knownOrigins),
      ...(isSignIn ? signInRisks(text, requester) : []),
      ...textRisks(text, knownTexts),
    ]),
  }
}

function originRisks(
  origin: string,
  requester: string,
  knownOrigins: readonly string[],
): MessageRisk[] {
  const risks: MessageRisk[] = []
  const [shown, host] = [visibleText(requester), hostOf(requester)]
  if (origin !== requester) {
    const text = `${shown} asks for a signature in the name of ${visibleText(origin)}`
    risks.push({ level: 'danger', code: 'ORIGIN_MISMATCH', text })
  }
  if (requester.startsWith('http:') && !isLoopback(host)) {
    const text = `${shown} is not encrypted: anybody on the way can be the one who asks`
    risks.push({ level: 'caution', code: 'ORIGIN_INSECURE', text })
  }
  const twin = knownOrigins.find(
    (known) => known !== requester && skeleton(hostOf(known)) === skeleton(host),
  )
  if (twin !== undefined && hostOf(twin) !== host) {
    const text = `${shown} looks like ${visibleText(twin)}, and is another site`
    risks.push({ level: 'danger', code: 'ORIGIN_LOOKALIKE', text })
  } else if (host.split('.').some((part) => part.startsWith('xn--'))) {
    const text = `${shown} has letters of other scripts, which may look like another site’s name`
    risks.push({ level: 'caution', code: 'ORIGIN_LOOKALIKE', text })
  }
  return risks
}

/** A sign-in that names another site could be used there: somebody hands on that site's question. */
function signInRisks(text: string, requester: string): MessageRisk[] {
  if (requester === commandLineOrigin) return []
  const host = hostOf(requester)
  const named = [...text.matchAll(hostPattern)].map(([found]) => found.toLowerCase())
  const other = named.find((name) => name !== host && !/^[\d.]+$/.test(name))
  if (other === undefined) return []
  const said = `it speaks of ${visibleText(other)}, but ${visibleText(requester)} asks`
  return [{ level: 'danger', code: 'SIGN_IN_ELSEWHERE', text: said }]
}

function textRisks(text: string, knownTexts: readonly string[]): MessageRisk[] {
  const risks: MessageRisk[] = []
  if (hasHiddenText(text)) {
    const said = 'it holds characters that are invisible or turn the direction of what follows'
    risks.push({ level: 'danger', code: 'TEXT_HIDDEN', text: said })
  }
  const unknown = knownTexts.reduce((rest, known) => rest.replaceAll(known, ' '), text)
  if (opaquePattern.test(unknown)) {
    const said = 'it holds digits that nobody can read: you cannot know what you agree to'
    risks.push({ level: 'caution', code: 'TEXT_OPAQUE', text: said })
  }
  if (gapPattern.test(text)) {
    const said = 'it goes on behind a long gap: read it to its end'
    risks.push({ level: 'danger', code: 'TEXT_GAP', text: said })
  }
  if (text.length > messageRiskLimits.longChars) {
    const said = `it has ${text.length} characters: read it to its end`
    risks.push({ level: 'note', code: 'TEXT_LONG', text: said })
  }
  return risks
}

const gapPattern = new RegExp(`\\n(?:[^\\S\\n]*\\n){${messageRiskLimits.gapLines},}`)

const opaquePattern = new RegExp(`[0-9A-Za-z+/_=-]{${messageRiskLimits.opaqueChars},}`)

/** Names with a dot and a last part of letters, as hosts in running text are. */
const hostPattern = /\b(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.){1,8}[a-z][a-z0-9-]{1,61}\b/gi

const hostOf = (origin: string): string =>
  /^[a-z-]+:\/\/(\[[^\]]*\]|[^:/?#]*)/.exec(origin)?.[1] ?? origin

/** One form for names that look alike at a glance. */
const skeleton = (host: string): string =>
  host
    .toLowerCase()
    .replaceAll('rn', 'm')
    .replaceAll('vv', 'w')
    .replaceAll('cl', 'd')
    .replace(/[0o]/g, 'o')
    .replace(/[1lij|]/g, 'l')
    .replace(/[5s]/g, 's')
    .replace(/[-_.]/g, '')
