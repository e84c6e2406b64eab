/** The vault in a worker of its own: the only place where opened keys are, and gone with the page. */
import '../light/jitless.ts'
import { indexedDbStore } from './indexed-db.ts'
import type { VaultReply, VaultRequest } from './messages.ts'
import type { VaultNews } from './ports.ts'
import { createVault } from './vault.ts'
import { deriveByWebCrypto, wakeByTimer } from './web.ts'

type Port = {
  addEventListener(type: 'message', listener: (event: MessageEvent<VaultRequest>) => void): void
  postMessage(reply: VaultReply): void
}

const port = globalThis as unknown as Port
const others = new BroadcastChannel('aitbc-vault')

const vault = createVault(
  {
    store: indexedDbStore(),
    deriveKey: deriveByWebCrypto,
    randomBytes: (length) => crypto.getRandomValues(new Uint8Array(length)),
    nowMs: () => Date.now(),
    wakeAt: wakeByTimer,
    tell: (news) => others.postMessage(news),
  },
  (news) => port.postMessage({ news }),
)

others.addEventListener('message', ({ data }: MessageEvent<VaultNews>) => void vault.hear(data))

port.addEventListener('message', async ({ data }) => {
  const { id, call, request } = data
  const done = await vault.handle(call, request as never)
  port.postMessage(
    done.ok ? { id, ok: true, value: done.value } : { id, ok: false, error: done.error },
  )
})
