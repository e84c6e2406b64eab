import { expect, test } from 'vitest'
import { createOllamaEngine } from '../../../miner-agent/engines/ollama/engine.ts'
import { collect } from './collect.ts'

const url = process.env.OLLAMA_URL ?? ''

test.skipIf(url === '')(
  'a real Ollama server lists, answers and aborts (runs only with OLLAMA_URL set)',
  async () => {
    const engine = createOllamaEngine({ url })
    const [model] = await engine.listModels()
    if (model === undefined) throw new Error('the server at OLLAMA_URL has no model that can chat')
    expect(model.contextTokens).toBeGreaterThan(0)
    const request = {
      model: model.name,
      messages: [{ role: 'user', content: 'Count from 1 to 30.' }],
      maxTokens: 24,
    } as const
    const { text, last, deltas } = await collect(engine, request)
    expect(text).not.toBe('')
    expect(last.usage.completionTokens).toBe(deltas.reduce((sum, { tokens }) => sum + tokens, 0))
    const controller = new AbortController()
    const run = async (): Promise<void> => {
      const options = { signal: controller.signal }
      for await (const _ of engine.generate(request, options)) controller.abort()
    }
    await expect(run()).rejects.toMatchObject({ code: 'ABORTED' })
  },
  600_000,
)

test.skipIf(url === '')(
  'a real Ollama server is made to call a function (runs only with OLLAMA_URL set)',
  async () => {
    const engine = createOllamaEngine({ url })
    const models = await engine.listModels()
    const model = models.find(({ features }) => features?.includes('forced_calls'))
    if (model === undefined) throw new Error('no model at OLLAMA_URL calls functions')
    const parameters = {
      type: 'object',
      properties: { city: { type: 'string' } },
      required: ['city'],
    }
    const { text, last } = await collect(engine, {
      model: model.name,
      messages: [{ role: 'user', content: 'Say hello.' }],
      tools: [
        { name: 'get_time', parameters },
        { name: 'get_weather', parameters },
      ],
      mustCall: true,
    })
    expect([text, last.finish]).toEqual(['', 'tool_calls'])
    expect(last.calls).toMatchObject([{ arguments: { city: expect.any(String) } }])
  },
  600_000,
)
