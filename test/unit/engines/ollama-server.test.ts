import { afterAll, describe, expect, test } from 'vitest'
import { startOllamaServer } from '../../support/ollama-server.ts'

const server = await startOllamaServer()
afterAll(() => server.close())

async function post(path: string, body: unknown) {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  const response = await fetch(server.url + path, { method: 'POST', body: text })
  const answer = await response.text()
  const type = response.headers.get('content-type') ?? ''
  const lines = answer.trim().split('\n')
  return { status: response.status, type, lines: lines.map((line) => JSON.parse(line)) }
}

const ask = (content: string) => ({ model: 'aitbc-tiny', messages: [{ role: 'user', content }] })

describe('ollama server of the tests', () => {
  test('says its version and its models', async () => {
    expect(await (await fetch(`${server.url}/`)).text()).toBe('Ollama is running')
    expect(await (await fetch(`${server.url}/api/version`)).json()).toEqual({ version: '0.12.6' })
    const tags = await (await fetch(`${server.url}/api/tags`)).json()
    expect(tags.models).toMatchObject([{ name: 'aitbc-tiny:latest', size: 4_822_784 }])
    const show = await post('/api/show', { model: 'aitbc-tiny' })
    expect(show.lines[0].model_info['llama.context_length']).toBe(256)
  })

  test('chats line by line and at once', async () => {
    const streamed = await post('/api/chat', ask('What is the capital of France?'))
    expect(streamed.type).toBe('application/x-ndjson')
    expect(streamed.lines.map((line) => line.message.content).join('')).toBe(
      'The capital of France is Paris.',
    )
    expect(streamed.lines.at(-1)).toMatchObject({
      done: true,
      done_reason: 'stop',
      prompt_eval_count: 9,
      eval_count: 8,
    })
    const whole = await post('/api/chat', { ...ask('Hello'), stream: false })
    expect(whole.lines).toMatchObject([
      { done: true, message: { role: 'assistant', content: 'Hello! How can I help?' } },
    ])
  })

  test('completes a bare prompt', async () => {
    const request = { model: 'aitbc-tiny', prompt: 'Hello' }
    const streamed = await post('/api/generate', request)
    expect(streamed.lines.map((line) => line.response).join('')).toBe('Hello! How can I help?')
    const whole = await post('/api/generate', { ...request, stream: false })
    expect(whole.lines[0]).toMatchObject({ response: 'Hello! How can I help?', done: true })
  })

  test('heeds the options', async () => {
    const options = { num_predict: 3, num_ctx: 32 }
    const cut = await post('/api/chat', { ...ask('Count from 1 to 20'), options })
    expect(cut.lines.at(-1)).toMatchObject({ done_reason: 'length', eval_count: 3 })
    const long = await post('/api/chat', { ...ask('word '.repeat(40)), options })
    expect(long.status).toBe(400)
  })

  test.each([
    ['/api/chat', { model: 'nope', messages: [] }, 404, "model 'nope' not found"],
    ['/api/show', { model: 'nope' }, 404, "model 'nope' not found"],
    ['/api/chat', {}, 400, 'model is required'],
    ['/api/chat', '', 400, 'missing request body'],
    ['/api/chat', '{', 400, 'invalid character in request body'],
    ['/api/chat', { model: 'aitbc-tiny', messages: [{ role: 'x' }] }, 400, 'invalid message'],
    [
      '/api/chat',
      { ...ask('Hello'), options: { num_ctx: 'many' } },
      400,
      'option "num_ctx" must be a number',
    ],
  ])('POST %s %j is refused with %i', async (path, body, status, error) => {
    const answer = await post(path, body)
    expect(answer).toMatchObject({ status, lines: [{ error }] })
  })

  test('knows no other path', async () => {
    const response = await fetch(`${server.url}/api/nothing`)
    expect(response.status).toBe(404)
    expect(await response.text()).toBe('404 page not found')
  })
})
