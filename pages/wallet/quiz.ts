/** Which of the backup words are asked for. */

/** `count` different positions below `length`, in rising order, by fair chance. */
export function askedPositions(length: number, count: number): readonly number[] {
  const left = Array.from({ length }, (_, index) => index)
  const chosen: number[] = []
  while (chosen.length < count && left.length > 0) {
    const [position] = left.splice(below(left.length), 1)
    if (position !== undefined) chosen.push(position)
  }
  return chosen.sort((a, b) => a - b)
}

/** A number from 0 up to `limit`, which is small: values that would favour some are drawn again. */
function below(limit: number): number {
  const fair = 256 - (256 % limit)
  for (;;) {
    const [byte = 0] = crypto.getRandomValues(new Uint8Array(1))
    if (byte < fair) return byte % limit
  }
}
