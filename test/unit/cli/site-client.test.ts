import { afterEach, describe, expect, test } from 'vitest'
import type { ClientFault } from '../../../cli/exit-codes.ts'
import { createSiteClient, type SiteRequest } from '../../../cli/site-client.ts'
import { requestSigningBytes } from '../../../core/api/signed-request.ts'
import { fromHex, utf8ToBytes } from '../../../core/base/bytes.ts'
import { alice, nodeVerifier } from '../../support/chain-world.ts'
import { answerJson, type Handler, type ScriptedSite, startScriptedSite } from './scripted-site.ts'

let site: ScriptedSite | undefined
afterEach(async () => {
  await site?.close()
  site = undefined
})

async function faultOf(handler: Handler, request: SiteRequest = { target: '/x' }) {
  site = await startScriptedSite(handler)
  const client = createSiteClient(site.url, new AbortController().signal)
  try {
    return await client.json(request)
  } catch (error) {
    const { exitCode, code, message } = error as ClientFault
    return { exitCode, code, message }
  }
}

const refuse =
  (status: number, code: string): Handler =>
  (_request, response) =>
    answerJson(response, { error: { code, message: 'because', status } }, status)

describe('asking a site', () => {
  test('a signed request carries a signature over method, target and body', async () => {
    const genesisHash = new Uint8Array(32).fill(5)
    const seen: {
      method: string
      target: string
      body: string
      headers: Record<string, unknown>
    }[] = []
    await faultOf(
      (request, response) => {
        let body = ''
        request.on('data', (chunk) => {
          body += String(chunk)
        })
        request.on('end', () => {
          const { method = '', url: target = '', headers } = request
          seen.push({ method, target, body, headers })
          answerJson(response, {})
        })
      },
      {
        method: 'POST',
        target: '/api/v1/jobs?a=1',
        body: { text: 'ü' },
        identity: { signer: alice, genesisHash },
      },
    )
    const [request] = seen
    if (request === undefined) throw new Error('no request')
    const signature = fromHex(String(request.headers['x-aitbc-signature']), 64)
    const message = requestSigningBytes(genesisHash, alice.publicKey, {
      host: String(request.headers.host),
      method: request.method,
      target: request.target,
      body: utf8ToBytes(request.body),
      timestampMs: Number(request.headers['x-aitbc-timestamp']),
    })
    expect(signature.ok).toBe(true)
    if (!signature.ok) return
    const { publicKey } = alice
    expect(nodeVerifier.verify({ signature: signature.value, message, publicKey })).toBe(true)
  })

  test('the site’s own errors keep code and message, and get their exit code', async () => {
    const cases: [number, string, number][] = [
      [401, 'REQUEST_EXPIRED', 3],
      [404, 'JOB_NOT_FOUND', 4],
      [402, 'ESCROW_EXHAUSTED', 5],
      [504, 'JOB_EXPIRED', 7],
      [503, 'CHAIN_UNAVAILABLE', 8],
      [422, 'VALIDATION_ERROR', 2],
    ]
    for (const [status, code, exitCode] of cases) {
      expect(await faultOf(refuse(status, code))).toEqual({ exitCode, code, message: 'because' })
      await site?.close()
    }
  })

  test('what is not from a site of this network has its status at least', async () => {
    const html: Handler = (_request, response) =>
      void response.writeHead(502, { 'content-type': 'text/html' }).end('<h1>Bad gateway</h1>')
    expect(await faultOf(html)).toMatchObject({ exitCode: 8, code: 'HTTP_502' })
    await site?.close()
    const rubbish: Handler = (_request, response) => void response.end('{')
    expect(await faultOf(rubbish)).toMatchObject({ exitCode: 8, code: 'ANSWER_INVALID' })
  })

  test('a redirect is not followed: signatures and prompts stay here', async () => {
    const away: Handler = (_request, response) =>
      void response.writeHead(302, { location: 'http://127.0.0.1:9/' }).end()
    expect(await faultOf(away)).toMatchObject({ exitCode: 6, code: 'UNREACHABLE' })
    expect(site?.targets).toHaveLength(1)
  })

  test('a site that is not there is a network fault; a person who stops is none', async () => {
    const gone = createSiteClient(new URL('http://127.0.0.1:9'), new AbortController().signal)
    await expect(gone.json({ target: '/' })).rejects.toMatchObject({ exitCode: 6 })
    const stopper = new AbortController()
    site = await startScriptedSite(() => stopper.abort())
    const client = createSiteClient(site.url, stopper.signal)
    await expect(client.json({ target: '/' })).rejects.toMatchObject({ exitCode: 130 })
  })

  test('what is not to stay half known is still answered after the person stopped', async () => {
    const stopper = new AbortController()
    site = await startScriptedSite((_request, response) => {
      stopper.abort()
      // The person's stop has reached the client long before this.
      setTimeout(() => answerJson(response, { known: true }), 50)
    })
    const client = createSiteClient(site.url, stopper.signal)
    expect(await client.json({ target: '/', graceMs: 60_000 })).toEqual({ known: true })
    await expect(client.json({ target: '/', graceMs: 60_000 })).rejects.toMatchObject({
      exitCode: 130,
    })
    expect(site.targets).toHaveLength(1)
  })

  test('a person who stopped waits no longer than that', async () => {
    const stopper = new AbortController()
    site = await startScriptedSite(() => stopper.abort())
    const client = createSiteClient(site.url, stopper.signal)
    await expect(client.json({ target: '/', graceMs: 1 })).rejects.toMatchObject({ exitCode: 130 })
  })
})
