/** `npm run deploy`, against a server that stands in for the platform's API. */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { inRoot } from '../../scripts/setup/paths.ts'
import { run } from '../../scripts/setup/run.ts'
import { requiredNames } from '../../workers/config.ts'

let server: Server | undefined

afterEach(() => {
  server?.closeAllConnections()
  server?.close()
  server = undefined
})

test('a dry run builds and checks all, and says what a deployment needs', async () => {
  const { code, output } = await deploy(['--dry-run'], {})
  expect(output).toContain('env.DB')
  expect(output).toMatch(/apply \d+ migration/)
  for (const name of requiredNames) expect(output).toContain(name)
  expect(code).toBe(0)
})

test('missing secrets are named, and nothing is uploaded', async () => {
  const present = requiredNames.slice(1)
  const api = await startApi(present.map((name) => ({ name, type: 'secret_text' })))
  const { code, output } = await deploy([], { CLOUDFLARE_API_BASE_URL: api.url })
  expect(output).toContain('Nothing was deployed')
  expect(output).toContain(`secret put ${requiredNames[0]}`)
  for (const name of present) expect(output).not.toContain(`secret put ${name}\n`)
  expect(code).toBe(1)
  expect(api.writes).toEqual([])
})

test('before the first deployment every secret is missing', async () => {
  const api = await startApi(undefined)
  const { code, output } = await deploy([], { CLOUDFLARE_API_BASE_URL: api.url })
  for (const name of requiredNames) expect(output).toContain(`secret put ${name}`)
  expect(code).toBe(1)
  expect(api.writes).toEqual([])
})

function deploy(args: string[], env: Record<string, string>) {
  return run(process.execPath, ['--import', 'tsx', inRoot('scripts', 'deploy.ts'), ...args], {
    capture: true,
    env: {
      CLOUDFLARE_API_TOKEN: 'token-of-the-test',
      CLOUDFLARE_ACCOUNT_ID: 'account-of-the-test',
      ...env,
    },
  })
}

/** Answers the list of secrets, or that no such Worker exists; records whatever would change. */
async function startApi(secrets: { name: string; type: string }[] | undefined) {
  const writes: string[] = []
  server = createServer((request, response) => {
    if (request.method !== 'GET') writes.push(`${request.method} ${request.url}`)
    const found = secrets !== undefined && request.url?.endsWith('/secrets')
    response.writeHead(found ? 200 : 404, { 'content-type': 'application/json' })
    const errors = [{ code: 10_007, message: 'This Worker does not exist on your account.' }]
    response.end(
      JSON.stringify(
        found
          ? { success: true, errors: [], messages: [], result: secrets }
          : { success: false, errors, messages: [], result: null },
      ),
    )
  })
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}`, writes }
}
