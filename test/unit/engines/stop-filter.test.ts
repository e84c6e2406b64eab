import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createStopFilter } from '../../../miner-agent/engines/embedded/runtime/stop-filter.ts'

type Outcome = {
  readonly text: string
  readonly tokens: number
  readonly stopped: boolean
  readonly pieces: readonly string[]
}

/** Pushes one token a piece. */
function filterAll(pieces: readonly string[], stops: readonly string[]): Outcome {
  const filter = createStopFilter(stops)
  const out: string[] = []
  let tokens = 0
  for (const piece of pieces) {
    const released = filter.push(piece, 1)
    out.push(released.text)
    tokens += released.tokens
    if (released.stopped) return { text: out.join(''), tokens, stopped: true, pieces: out }
  }
  const rest = filter.end()
  out.push(rest.text)
  tokens += rest.tokens
  return { text: out.join(''), tokens, stopped: false, pieces: out }
}

/** What any filter must give: the text up to the stop string that is complete first. */
function expected(text: string, stops: readonly string[]): { text: string; stopped: boolean } {
  for (let end = 1; end <= text.length; end++) {
    const seen = text.slice(0, end)
    const hit = stops
      .filter((stop) => stop !== '' && seen.endsWith(stop))
      .sort((a, b) => b.length - a.length)[0]
    if (hit !== undefined) return { text: seen.slice(0, end - hit.length), stopped: true }
  }
  return { text, stopped: false }
}

const letters = fc.string({ unit: fc.constantFrom('a', 'b', 'é', '😀'), maxLength: 6 })

describe('stop filter', () => {
  test('stops as if the text had come at once, however it is cut', () => {
    fc.assert(
      fc.property(
        fc.array(letters, { maxLength: 12 }),
        fc.array(letters, { maxLength: 3 }),
        (pieces, stops) => {
          const { text, stopped } = filterAll(pieces, stops)
          expect({ text, stopped }).toEqual(expected(pieces.join(''), stops))
        },
      ),
      { numRuns: 5_000 },
    )
  })

  test('without a stop every token is counted once; with one, those that gave text', () => {
    fc.assert(
      fc.property(
        fc.array(
          letters.filter((piece) => piece !== ''),
          { maxLength: 12 },
        ),
        fc.array(letters, { maxLength: 3 }),
        (pieces, stops) => {
          const { text, tokens, stopped } = filterAll(pieces, stops)
          let needed = 0
          for (let seen = 0; seen < text.length; needed++) seen += pieces[needed]?.length ?? 0
          expect(tokens).toBe(stopped ? needed : pieces.length)
        },
      ),
      { numRuns: 2_000 },
    )
  })

  test('holds back what may become a stop string and lets it go when it does not', () => {
    expect(filterAll(['one ##', '# two'], ['###'])).toMatchObject({ text: 'one ', stopped: true })
    expect(filterAll(['one ##', ' two'], ['###']).pieces).toEqual(['one ', '## two', ''])
    expect(filterAll(['one ##'], ['###']).pieces).toEqual(['one ', '##'])
  })

  test('lets everything through at once where there is nothing to stop at', () => {
    expect(filterAll(['a', 'b'], []).pieces).toEqual(['a', 'b', ''])
    expect(filterAll(['a', 'b'], ['']).pieces).toEqual(['a', 'b', ''])
  })

  test('half a character as a stop string cuts nothing in two', () => {
    expect(filterAll(['a😀b'], ['\ude00'])).toMatchObject({ text: 'a😀b', stopped: false })
  })
})
