/**
 * Text of strangers as a person may see it: what is invisible or turns the direction is written out.
 */

/**
 * Controls but line feed, format characters (also those of bidi), other line ends, lone surrogates; letters
 * and marks that are drawn as nothing (fillers of Hangul and Braille, the joiner of graphemes).
 */
const hidden =
  /(?!\n)(?:[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}\u115f\u1160\u2800\u3164\uffa0]|\u034f)/gu

/** Whether text holds characters that a person would not see, line feeds aside. */
export const hasHiddenText = (text: string): boolean => text.search(hidden) >= 0

/** The text with each hidden character as `⟨U+202E⟩`; one that writes such marks itself stays as it is. */
export const visibleText = (text: string): string =>
  text.replace(hidden, (character) => {
    const code = (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')
    return `⟨U+${code}⟩`
  })
