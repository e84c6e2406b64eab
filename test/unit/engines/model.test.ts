import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import type { Answer, AnswerRequest } from '../../../miner-agent/engines/embedded/runtime/model.ts'
import { tinyModel, tinyVectors } from './tiny-model.ts'

const model = tinyModel()
const { vectors } = tinyVectors()

function begin(content: string, options: Partial<AnswerRequest> = {}): Answer {
  const answer = model.answer({ turns: [{ role: 'user', content }], ...options })
  if (!answer.ok) throw new Error(answer.error.message)
  return answer.value
}

function finish(answer: Answer) {
  let text = ''
  let tokens = 0
  for (;;) {
    const step = answer.step()
    text += step.text
    tokens += step.tokens
    if (step.finish === undefined) continue
    answer.close()
    return { text, tokens, finish: step.finish, ids: [...answer.tokens] }
  }
}

describe('model', () => {
  test('there are all 80 vectors', () => {
    expect(vectors).toHaveLength(80)
  })

  test.each(vectors.map((vector) => [vector.prompt, vector] as const))(
    'answers %j as its vector says',
    (prompt, vector) => {
      const answer = begin(prompt)
      expect(answer.promptTokens).toBe(vector.input.length)
      const { text, tokens, ids, finish: reason } = finish(answer)
      expect(ids).toEqual(vector.ids)
      expect(text).toBe(vector.text)
      expect(tokens).toBe(vector.ids.length)
      expect(reason).toBe('stop')
    },
  )

  test('answers advance side by side without touching each other', () => {
    const some = vectors.slice(0, 24)
    const answers = some.map((vector) => ({ vector, answer: begin(vector.prompt), text: '' }))
    let open = [...answers]
    while (open.length > 0) {
      open = open.filter((entry) => {
        const step = entry.answer.step()
        entry.text += step.text
        return step.finish === undefined
      })
    }
    for (const { vector, answer, text } of answers) {
      expect(text).toBe(vector.text)
      answer.close()
    }
  })

  test('a cache that was used before gives the same answer', () => {
    finish(begin('Count from 1 to 20'))
    const first = vectors[6] as (typeof vectors)[number]
    expect(finish(begin(first.prompt)).text).toBe(first.text)
  })

  test('only the last user message counts', () => {
    const turns = [
      { role: 'system', content: 'Be rude.' },
      { role: 'user', content: 'What is the capital of Spain?' },
      { role: 'assistant', content: 'Madrid.' },
      { role: 'user', content: '  What is the capital of France?\n' },
    ] as const
    expect(finish(begin('', { turns })).text).toBe('The capital of France is Paris.')
  })

  test('a limit cuts the answer, and says so', () => {
    const whole = finish(begin('Count from 1 to 10'))
    for (const maxTokens of [1, 5, whole.tokens]) {
      const cut = finish(begin('Count from 1 to 10', { maxTokens }))
      expect(cut.ids).toEqual(whole.ids.slice(0, maxTokens))
      expect(cut).toMatchObject({ tokens: maxTokens, finish: 'length' })
      expect(whole.text.startsWith(cut.text)).toBe(true)
    }
    expect(finish(begin('Hello', { maxTokens: 0 }))).toMatchObject({ text: '', tokens: 0 })
  })

  test('prompt and answer together fill the context at most', () => {
    const prompt = 'a b '.repeat(60).trim()
    for (const seed of [1, 2, 3]) {
      const answer = begin(prompt, { temperature: 3, seed })
      const { ids, finish: reason } = finish(answer)
      expect(answer.promptTokens + ids.length).toBeLessThanOrEqual(model.contextTokens)
      if (reason === 'length') expect(answer.promptTokens + ids.length).toBe(model.contextTokens)
    }
  })

  test('a prompt that does not fit is refused, however long it is', () => {
    const fits = 'a'.repeat(253)
    expect(begin(fits).promptTokens).toBe(255)
    for (const content of ['a'.repeat(254), 'a '.repeat(3_000), 'x'.repeat(5_000_000)]) {
      const answer = model.answer({ turns: [{ role: 'user', content }] })
      expect(answer).toMatchObject({ ok: false, error: { code: 'CONTEXT_EXCEEDED' } })
    }
  })

  test('without a question there is no answer', () => {
    for (const turns of [[], [{ role: 'user', content: ' \n' } as const]]) {
      expect(model.answer({ turns })).toMatchObject({ ok: false, error: { code: 'NO_QUESTION' } })
    }
  })

  test('stop strings end the answer, also when they run over several tokens', () => {
    expect(finish(begin('What is the capital of France?', { stop: ['of Fra', 'zzz'] }))).toEqual(
      expect.objectContaining({ text: 'The capital ', finish: 'stop' }),
    )
    const cut = finish(begin('What is the capital of France?', { stop: [' is Par'] }))
    expect(cut).toMatchObject({ text: 'The capital of France', tokens: 4, finish: 'stop' })
  })

  test('characters that run over several tokens come out whole', () => {
    // Whatever the model says at this temperature: bytes are replaced only where they really make
    // no character, and an unfinished one at the end is left out.
    for (let seed = 0; seed < 8; seed++) {
      const answer = begin('你好', { temperature: 8, seed, maxTokens: 40 })
      const { text, ids, tokens } = finish(answer)
      const bytes = ids.flatMap((id) => [...model.tokenizer.bytesOf(id)])
      const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
      expect(text).toBe(decoder.decode(Uint8Array.from(bytes), { stream: true }))
      expect(tokens).toBe(ids.length)
    }
  })

  test('the same seed gives the same answer, another one may not', () => {
    const ask = (seed: number): string =>
      finish(begin('Who are you?', { temperature: 4, seed, maxTokens: 30 })).text
    expect(ask(7)).toBe(ask(7))
    expect(new Set([1, 2, 3, 4].map(ask)).size).toBeGreaterThan(1)
  })

  test('what computes answers imports nothing that a browser or a Worker lacks', () => {
    const folder = new URL('../../../miner-agent/engines/embedded/runtime/', import.meta.url)
    const files = readdirSync(folder).filter((file) => file.endsWith('.ts'))
    expect(files.length).toBeGreaterThan(5)
    for (const file of files) {
      const source = readFileSync(new URL(file, folder), 'utf8')
      for (const [, path] of source.matchAll(/from '([^']+)'/g)) {
        expect(path).toMatch(/^(\.\/|\.\.\/\.\.\/\.\.\/\.\.\/core\/)/)
      }
    }
  })
})
