/** Time from submission to final with real sites: three runtimes on this machine, each with its own state. */
import { toHex, toHex0x } from '../../core/base/bytes.ts'
import { genesisHash, slotMs } from '../../core/chain/genesis.ts'
import { transactionHash } from '../../core/chain/transaction.ts'
import { makeNetwork, networkVars } from '../../scripts/setup/network.ts'
import { findFreePort, host } from '../../scripts/setup/port.ts'
import { runtimePid } from '../../scripts/setup/site-runtime.ts'
import { startTestSite, type TestSite } from '../../test/support/site.ts'
import { addressNumbered, makeSenders, type Sender, signNextTransfer } from './bench-ledger.ts'
import { monotonicMs } from './clock.ts'
import { type CpuUse, watchCpu } from './cpu.ts'
import { type HttpClient, jsonOf, openHttp } from './http-client.ts'

export type RealFinality = {
  /** Slots from the first byte of the request until the site that took it calls it final. */
  readonly slots: readonly number[]
  readonly open: number
  /** Whether any site accuses another of signing what contradicts itself. */
  readonly accused: boolean
  readonly cpu: CpuUse
}

type Running = { readonly site: TestSite; readonly http: HttpClient }
type Waiting = { readonly at: Running; readonly hash: string; readonly fromMs: number }

const names = ['one', 'two', 'three']
const senderCount = 60
const pollMs = 40
const drainMs = 30_000
const agreeMs = 60_000

/** Starts three sites, submits transfers in turn at each, one every so often, and waits for all. */
export async function realFinality(plan: {
  readonly transactions: number
  readonly everyMs: number
}): Promise<RealFinality> {
  const senders = makeSenders(senderCount)
  const accounts = senders.map(({ address }) => ({ address, balance: 10n ** 10n }))
  const network = makeNetwork({
    chainId: 'bench-three',
    nowMs: Date.now(),
    authorities: names,
    accounts,
  })
  const ports: number[] = []
  for (const _ of names) ports.push(await findFreePort())
  const running: Running[] = []
  try {
    for (const [at, member] of network.sites.entries()) {
      const peers = ports.filter((_, other) => other !== at).map((port) => `http://${host}:${port}`)
      const vars = networkVars(network, member, peers)
      const site = await startTestSite({ vars, port: ports[at] as number })
      running.push({ site, http: openHttp(site.url, 16) })
    }
    await agreement(running)
    const pids = Object.fromEntries(
      running.map(({ site }, at) => [`site_${at + 1}`, runtimePid(site.site.port) ?? 0]),
    )
    const stopCpu = watchCpu({ ...pids, clients: process.pid })
    const done = await submitAll(running, senders, { ...plan, genesis: network.genesis })
    return { ...done, cpu: stopCpu() }
  } finally {
    for (const { site, http } of running) {
      http.close()
      await site.dispose()
    }
  }
}

async function submitAll(
  running: readonly Running[],
  senders: readonly Sender[],
  plan: {
    readonly transactions: number
    readonly everyMs: number
    readonly genesis: ReturnType<typeof makeNetwork>['genesis']
  },
): Promise<Omit<RealFinality, 'cpu'>> {
  const { genesis } = plan
  const hash = genesisHash(genesis)
  const prepared = Array.from({ length: plan.transactions }, (_, number) => {
    const sender = senders[number % senders.length] as Sender
    const to = addressNumbered(2 ** 41 + number)
    const bytes = signNextTransfer({ genesis, hash, sender, to, slot: 0 })
    return { body: JSON.stringify({ tx: toHex(bytes) }), hash: toHex0x(transactionHash(bytes)) }
  })
  const waiting = new Set<Waiting>()
  const slots: number[] = []
  let isSending = true
  const watching = watch(waiting, slots, () => isSending)
  for (const [number, { body, hash: name }] of prepared.entries()) {
    const at = running[number % running.length] as Running
    const fromMs = monotonicMs()
    jsonOf(await at.http.post('/rpc/transactions', body))
    waiting.add({ at, hash: name, fromMs })
    // Spread over the slot: with a beat of its own, submissions would meet the slots at few places.
    const pause = plan.everyMs * (0.5 + ((number * 0.618) % 1))
    await new Promise((resolve) => setTimeout(resolve, pause))
  }
  isSending = false
  await watching
  const accused = await agreement(running)
  return { slots, open: waiting.size, accused }
}

/** Asks for each waiting transaction in turn until all are final. */
async function watch(
  waiting: Set<Waiting>,
  slots: number[],
  isSending: () => boolean,
): Promise<void> {
  let sentAtMs = monotonicMs()
  while (isSending() || (waiting.size > 0 && monotonicMs() - sentAtMs < drainMs)) {
    if (isSending()) sentAtMs = monotonicMs()
    await Promise.all(
      [...waiting].map(async (one) => {
        const { status } = jsonOf(await one.at.http.get(`/rpc/tx/${one.hash}`))
        if (status !== 'final') return
        slots.push((monotonicMs() - one.fromMs) / slotMs)
        waiting.delete(one)
      }),
    )
    await new Promise((resolve) => setTimeout(resolve, pollMs))
  }
}

/** Waits until all have one final head; says whether any site accuses anybody. */
async function agreement(running: readonly Running[]): Promise<boolean> {
  const from = monotonicMs()
  for (;;) {
    const views = await Promise.all(
      running.map(async ({ http }) => jsonOf(await http.get('/rpc/peers'))),
    )
    const [first] = views
    const agreed = views.every(
      (view) =>
        Number(view['height']) > 0 &&
        view['height'] === view['final_height'] &&
        view['head_hash'] === first?.['head_hash'],
    )
    if (agreed) return views.some(({ offences }) => (offences as unknown[]).length > 0)
    if (monotonicMs() - from > agreeMs) throw new Error('the sites do not agree on one head')
    await new Promise((resolve) => setTimeout(resolve, pollMs))
  }
}
