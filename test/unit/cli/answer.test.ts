import type { ServerResponse } from 'node:http'
import { afterEach, describe, expect, test } from 'vitest'
import { followAnswer } from '../../../cli/answer.ts'
import type { Session } from '../../../cli/session.ts'
import { createSiteClient } from '../../../cli/site-client.ts'
import { alice } from '../../support/chain-world.ts'
import { answerJson, type ScriptedSite, startScriptedSite } from './scripted-site.ts'

let site: ScriptedSite | undefined
afterEach(async () => {
  await site?.close()
  site = undefined
})

const jobId = 'a'.repeat(32)
const text = (words: string) => ({ type: 'text', text: words, tokens: 1 })
const state = (name: string, miner_id?: string, attempt?: number) => ({
  type: 'state',
  state: name,
  miner_id,
  attempt,
})
const reset = { type: 'reset' }
const end = {
  type: 'end',
  state: 'completed',
  finish: 'stop',
  prompt_tokens: 4,
  completion_tokens: 3,
  amount: '1',
  receipt_id: 'b'.repeat(32),
}

type Connection = (response: ServerResponse) => void

function events(...list: readonly object[]): Connection {
  return (response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.write(': ping\n\n')
    for (const event of list) {
      const { type } = event as { readonly type: string }
      response.write(`event: ${type}\ndata: ${JSON.stringify(event)}\n\n`)
    }
    response.end()
  }
}

/** Sends bytes as they are and then breaks the connection. */
function cut(raw: string): Connection {
  return (response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.write(raw, () => response.destroy())
  }
}

/** Follows a job over these connections, one after the other; the last repeats. */
async function follow(...connections: readonly Connection[]) {
  let opened = 0
  site = await startScriptedSite((_request, response) => {
    const connection = connections[Math.min(opened, connections.length - 1)]
    opened += 1
    connection?.(response)
  })
  const shown: string[] = []
  const said: string[] = []
  const signal = new AbortController().signal
  const session = {
    options: { ttlSeconds: 30, api: site.url },
    site: createSiteClient(site.url, signal),
    identity: { signer: alice, genesisHash: new Uint8Array(32) },
    signal,
    say: (line: string) => said.push(line),
    show: (words: string) => shown.push(words),
  } as unknown as Session
  const answer = await followAnswer(session, jobId).catch((error: unknown) => error)
  return { answer, shown: shown.join(''), said, opened: () => opened }
}

describe('following an answer', () => {
  test('text comes as it is made, and the end says what it took', async () => {
    const { answer, shown, said } = await follow(
      events(state('running', 'm', 1), text('Par'), text('is'), end),
    )
    expect(answer).toEqual({ text: 'Paris', finish: 'stop', promptTokens: 4, completionTokens: 3 })
    expect(shown).toBe('Paris')
    expect(said).toEqual(['running by m'])
    expect(site?.targets).toEqual([`GET /api/v1/jobs/${jobId}/stream`])
  })

  test('a stream that is cut is picked up without a word twice or a word lost', async () => {
    const first = `data: ${JSON.stringify(text('Par'))}\n\ndata: {"type":"te`
    const { answer, shown, opened } = await follow(
      cut(first),
      events(state('running', 'm', 1), text('Paris')),
      events(state('running', 'm', 1), text('Par'), text('is'), text('.'), end),
    )
    expect(answer).toMatchObject({ text: 'Paris.' })
    expect(shown).toBe('Paris.')
    expect(opened()).toBe(3)
  })

  test('a second miner that says the same is not seen', async () => {
    const { answer, shown, said } = await follow(
      events(
        state('running', 'a', 1),
        text('Paris i'),
        reset,
        state('running', 'b', 2),
        text('Paris is'),
        text(' it'),
        end,
      ),
    )
    expect(answer).toMatchObject({ text: 'Paris is it' })
    expect(shown).toBe('Paris is it')
    expect(said).toEqual(['running by a', 'running by b (attempt 2)'])
  })

  test('a second miner that says something else is shown from its first word', async () => {
    const { answer, shown, said } = await follow(
      events(text('Lyon'), reset, text('Par'), text('is'), end),
    )
    expect(answer).toMatchObject({ text: 'Paris' })
    expect(shown).toBe('Lyon\nParis')
    expect(said.join()).toContain('other words')
  })

  test('characters that arrive in pieces stay whole', async () => {
    const line = Buffer.from(`data: ${JSON.stringify(text('日本🙂'))}\n\n`)
    const { shown } = await follow((response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      let at = 0
      const next = () => {
        if (at < line.length) response.write(line.subarray(at, ++at), () => setImmediate(next))
        else response.end(`data: ${JSON.stringify(end)}\r\n\r\n`)
      }
      next()
    })
    expect(shown).toBe('日本🙂')
  })

  test.each([
    ['failed', 'JOB_FAILED', 1],
    ['expired', 'JOB_EXPIRED', 7],
    ['canceled', 'JOB_CANCELED', 1],
  ])('a job that ended as %s is a fault', async (name, code, exitCode) => {
    const error = { code, message: 'why' }
    const { answer } = await follow(events(text('x'), { type: 'end', state: name, error }))
    expect(answer).toMatchObject({ exitCode, code, message: 'why' })
  })

  test('a site that breaks for a moment is asked again; a refusal is final', async () => {
    const broken: Connection = (response) => answerJson(response, { detail: 'oops' }, 503)
    const { answer, opened } = await follow(broken, broken, events(text('x'), end))
    expect(answer).toMatchObject({ text: 'x' })
    expect(opened()).toBe(3)
    await site?.close()
    const refusal = { error: { code: 'JOB_NOT_FOUND', message: 'job not found' } }
    const refused = await follow((response) => answerJson(response, refusal, 404))
    expect(refused.answer).toMatchObject({ exitCode: 4, code: 'JOB_NOT_FOUND' })
    expect(refused.opened()).toBe(1)
  })
})
