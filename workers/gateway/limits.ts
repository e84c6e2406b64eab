/** Bounds of the edge, in one place. */
export const gatewayLimits = {
  /** Largest body of an API request, bytes; a batch of transactions is the largest that anyone sends. */
  bodyBytesMax: 4_194_304,
  /** Longest path with query, characters. */
  targetCharsMax: 2_048,
  /** What a caller may choose as a request id. */
  requestIdPattern: /^[A-Za-z0-9._-]{1,64}$/,
} as const
