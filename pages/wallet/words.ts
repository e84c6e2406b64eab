/** Small matters of wording. */

/** A core module's message as a sentence. */
export const codeSentence = (message: string): string =>
  `${message.charAt(0).toUpperCase()}${message.slice(1)}${message.endsWith('.') ? '' : '.'}`
