/** Which port a local site takes. */
import { createServer } from 'node:net'
import { expect, test } from 'vitest'
import {
  findFreePort,
  host,
  isPortFree,
  portDefault,
  portFromEnv,
} from '../../../scripts/setup/port.ts'

test('PORT overrides the default', () => {
  expect(portFromEnv({})).toBe(portDefault)
  expect(portFromEnv({ PORT: '' })).toBe(18_000)
  expect(portFromEnv({ PORT: '18123' })).toBe(18_123)
})

test.each(['0', '65536', '-1', '80a', '1e3', ' 80'])('PORT=%s is refused by name', (PORT) => {
  expect(() => portFromEnv({ PORT })).toThrow(/PORT/)
})

test('a port with a listener is taken, and free again after it', async () => {
  const server = createServer()
  const port = await findFreePort()
  await new Promise<void>((resolve) => server.listen(port, host, resolve))
  expect(await isPortFree(port)).toBe(false)
  await new Promise((resolve) => server.close(resolve))
  expect(await isPortFree(port)).toBe(true)
})
