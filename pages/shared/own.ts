/** Tables of words, read with names that the site sent. */

/** What the table says of the name; nothing for one that every object has by itself, such as `constructor`. */
export const ownWord = <T>(words: Readonly<Record<string, T>>, name: string): T | undefined =>
  Object.hasOwn(words, name) ? words[name] : undefined
