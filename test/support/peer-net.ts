/**
 * Sites that talk to each other without a network: real engines and the real exchange between them, over
 * a `fetch` that a test can break, by a clock that a test sets.
 */
import { signedRequestHeaders } from '../../core/api/signed-request.ts'
import type { PeerView, SyncReply } from '../../core/api/sync-service.ts'
import { fromHex } from '../../core/base/bytes.ts'
import type { Engine, Step } from '../../core/chain/engine-api.ts'
import { type Genesis, slotMs } from '../../core/chain/genesis.ts'
import { syncMediaType } from '../../core/chain/sync-wire.ts'
import { peerLimits } from '../../durable-objects/chain/limits.ts'
import type { PeerFetch } from '../../durable-objects/chain/peer-exchange.ts'
import { openSyncDesk, type SyncDesk } from '../../durable-objects/chain/sync-desk.ts'
import { cheapPerson } from '../simulation/cluster/keys.ts'
import { clusterGenesis, openSite } from '../simulation/cluster/sites.ts'
import { createMemoryChainStore } from './memory-chain-store.ts'
import { createSqliteStorage } from './sqlite-storage.ts'

export type NetSite = {
  readonly name: string
  readonly url: string
  readonly engine: Engine
  readonly desk: SyncDesk
  readonly log: Record<string, unknown>[]
  /** Proposes if it is due, and tells the others. */
  readonly tick: () => void
  /** Admits transactions as from a caller, and hands them on. */
  readonly submit: (transactions: readonly Uint8Array[]) => void
  readonly peer: (name: string) => PeerView
}

/** What a broken line does with a request; undefined: what it should. */
export type Fault = (path: string, init: RequestInit) => Promise<Response> | Response | undefined

export type PeerNet = {
  readonly genesis: Genesis
  readonly sites: readonly NetSite[]
  /** Requests that were made, as `FROM>TO PATH`. */
  readonly requests: string[]
  nowMs: number
  /** By the name of the site that is asked. */
  readonly faults: Map<string, Fault>
  readonly toSlot: (slot: number) => void
  /** Resolves when nothing is on its way any more. */
  readonly settled: () => Promise<void>
}

/** Opens authorities that name each other as peers, and sites that only follow. */
export function createPeerNet(
  authorities: number,
  {
    followers = 0,
    limits = {},
  }: { followers?: number; limits?: Partial<Record<keyof typeof peerLimits, number>> } = {},
): PeerNet {
  const genesis = clusterGenesis(authorities)
  const count = authorities + followers
  const nameOf = (index: number) => `site-${index}`
  const urlOf = (index: number) => `https://${nameOf(index)}.example`
  let underWay = 0
  const sites: NetSite[] = []
  const net: PeerNet = {
    genesis,
    sites,
    requests: [],
    nowMs: Number(genesis.genesisTimeMs),
    faults: new Map(),
    toSlot: (slot) => {
      net.nowMs = Number(genesis.genesisTimeMs) + slot * slotMs
    },
    settled: async () => {
      // A queue is flushed a turn later, an answer read in a few: quiet means quiet for a while.
      for (let quiet = 0; quiet < 8; quiet = underWay === 0 ? quiet + 1 : 0) {
        await new Promise((go) => setTimeout(go, 1))
      }
    },
  }
  const fetchFrom =
    (from: string): PeerFetch =>
    async (url, init) => {
      const { hostname, pathname } = new URL(url)
      const to = sites.find((site) => new URL(site.url).hostname === hostname)
      if (!to) throw new Error(`no host ${hostname}`)
      net.requests.push(`${from}>${to.name} ${pathname}`)
      underWay += 1
      try {
        const asked = async () =>
          (await net.faults.get(to.name)?.(pathname, init)) ?? (await serve(to, pathname, init))
        return await Promise.race([asked(), aborted(init.signal)])
      } finally {
        underWay -= 1
      }
    }
  for (let index = 0; index < count; index++) {
    const urls = Array.from({ length: count }, (_, other) => urlOf(other))
    sites.push(
      openNetSite({
        net,
        index,
        name: nameOf(index),
        url: urlOf(index),
        urls: urls.filter((_, other) => other !== index),
        fetch: fetchFrom(nameOf(index)),
        limits: { ...peerLimits, pullTimeoutMs: 60, announceTimeoutMs: 60, ...limits },
      }),
    )
  }
  return net
}

function openNetSite(input: {
  readonly net: PeerNet
  readonly index: number
  readonly name: string
  readonly url: string
  readonly urls: readonly string[]
  readonly fetch: PeerFetch
  readonly limits: { readonly [Name in keyof typeof peerLimits]: number }
}): NetSite {
  const { net, index, name, url } = input
  const engine = openSite(net.genesis, { name, index, store: createMemoryChainStore() })
  const log: Record<string, unknown>[] = []
  const publish = (step: Step) => {
    desk.exchange.say(step.send)
    desk.noteOffences(step.offences)
  }
  const desk: SyncDesk = openSyncDesk({
    urls: input.urls,
    genesis: net.genesis,
    authorities: () => net.genesis.authorities,
    signer: cheapPerson(`authority ${index}`),
    engine: () => engine,
    take: (action) => {
      const { steps, value } = action(engine, net.nowMs)
      for (const step of steps) publish(step)
      return value
    },
    write: (action) => action(engine, net.nowMs),
    isPaused: () => false,
    installing: () => undefined,
    submit: (transactions) => engine.submit(transactions, net.nowMs),
    fetch: input.fetch,
    now: () => net.nowMs,
    random: () => 0.5,
    onChange: () => undefined,
    log: (entry) => void log.push({ ...entry }),
    limits: input.limits,
    sql: createSqliteStorage().sql,
  })
  return {
    name,
    url,
    engine,
    desk,
    log,
    tick: () => publish(engine.tick(net.nowMs)),
    submit: (transactions) => {
      engine.submit(transactions, net.nowMs)
      desk.exchange.sayTransactions(transactions)
    },
    peer: (other) => {
      const found = desk.exchange.view().find((each) => each.url === `https://${other}.example`)
      if (!found) throw new Error(`${other} is no peer of ${name}`)
      return found
    },
  }
}

/** Rejects when the caller gives up, as a real `fetch` does. */
const aborted = (signal: AbortSignal | null | undefined): Promise<never> =>
  new Promise((_, reject) => {
    signal?.addEventListener('abort', () => reject(new Error('given up')), { once: true })
  })

/** What the gateway does with a request whose signature it has checked. */
async function serve(site: NetSite, path: string, init: RequestInit): Promise<Response> {
  const body = init.body as Uint8Array
  const headers = init.headers as Record<string, string>
  if (path === '/rpc/sync/pull') return replied(await site.desk.pull(body))
  if (path === '/rpc/sync/announce') {
    const from = fromHex(headers[signedRequestHeaders.publicKey] ?? '', 32)
    if (!from.ok) return Response.json({ error: { code: 'AUTHENTICATION_ERROR' } }, { status: 401 })
    const timestampMs = Number(headers[signedRequestHeaders.timestampMs])
    return replied(await site.desk.announce({ from: from.value, timestampMs, bytes: body }))
  }
  const { txs } = JSON.parse(new TextDecoder().decode(body)) as { txs: string[] }
  site.submit(txs.map((hex) => Uint8Array.from(Buffer.from(hex, 'hex'))))
  return Response.json({ verdicts: [] })
}

function replied(reply: SyncReply): Response {
  if (!reply.ok) return Response.json({ error: { code: reply.code } }, { status: 409 })
  return new Response(reply.bytes as Uint8Array<ArrayBuffer>, {
    headers: { 'content-type': syncMediaType },
  })
}
