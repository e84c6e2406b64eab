/**
 * A running miner: agent, link and clocks put together, from the first connection to the last.
 */

import { bytesEqual, fromHex, toHex } from '../core/base/bytes.ts'
import { isLoopback } from '../core/base/loopback.ts'
import { err, ok, type Result } from '../core/base/result.ts'
import { type Genesis, genesisHash as hashOfGenesis } from '../core/chain/genesis.ts'
import { addressOf, formatAddress } from '../core/crypto/address.ts'
import type { CapabilityCard, MinerFrame, ServerFrame } from '../core/jobs/miner-protocol.ts'
import { timePrices } from '../core/market/time-price.ts'
import { type Agent, createAgent } from './agent.ts'
import type { SiteIdentity } from './agent-state.ts'
import { createBookingCheck } from './bookings.ts'
import { makeCard, missingModels } from './card.ts'
import { type ChainClient, createChainClient } from './chain-client.ts'
import { createClaimer } from './claimer.ts'
import type { AgentConfig } from './config.ts'
import { deliver } from './deliver.ts'
import { exitCodes } from './exit-codes.ts'
import { openGpuLock } from './gpu-lock.ts'
import { makeHello } from './hello.ts'
import type { Host } from './host.ts'
import { checkSite } from './known-sites.ts'
import { type LightClient, openLight } from './light.ts'
import { type Challenge, type Link, type LinkEnd, openLink } from './link.ts'
import type { Logger } from './log.ts'
import { paced } from './paced.ts'
import { createProver } from './prover.ts'
import { createSettler, type Settler } from './settler.ts'
import { newTally, type Standing, summary, type Tally } from './tally.ts'
import { nodeVerifier } from './verifier.ts'

/** A miner at work. */
export type Session = {
  /** What it has done so far, and how it stands. */
  report(): { readonly tally: Tally; readonly standing: Standing }
  /** Exit code, once it has ended. */
  readonly ended: Promise<number>
  /** Takes no new job, ends what runs, then the session; gives up after the drain timeout. */
  drain(): void
  /** Ends at once. */
  abort(): void
}

type Parts = {
  readonly config: AgentConfig
  readonly host: Host
  readonly log: Logger
  readonly tally: Tally
  card: CapabilityCard
  site: (SiteIdentity & { readonly hash: string }) | undefined
  heartbeatMs: number
  draining: boolean
  agent: Agent
  link: Link
  settler: Settler
  chain: ChainClient
  light: LightClient
  genesis?: Genesis
  finish: (exitCode: number) => void
}

const sweepEveryMs = 10_000
const refreshEveryMs = 60_000
const settleEveryMs = 5_000

/** Starts the miner with a card that has at least been tried to fill. */
export function startSession(input: {
  readonly config: AgentConfig
  readonly host: Host
  readonly card: CapabilityCard
  readonly log: Logger
}): Session {
  const parts = { ...input, tally: newTally(), site: undefined, draining: false } as Omit<
    Parts,
    'agent' | 'link' | 'settler' | 'finish' | 'heartbeatMs' | 'chain' | 'light'
  > as Parts
  parts.heartbeatMs = input.config.heartbeatMs
  const ended = new Promise<number>((resolve) => {
    parts.finish = resolve
  })
  parts.chain = createChainClient(input.config.rpc ?? input.config.api)
  const { home } = input.host
  parts.light = openLight({ home, chain: parts.chain, verifier: nodeVerifier() })
  parts.agent = openAgent(parts)
  parts.settler = makeSettler(parts)
  parts.link = openLink({
    url: socketUrl(input.config.api),
    hello: (challenge) => answer(parts, challenge),
    onFrame: (frame) => onFrame(parts, frame),
    onDown: () => undefined,
    log: input.log,
    random: Math.random,
    pingMs: input.config.heartbeatMs,
  })
  const stopClocks = startClocks(parts)
  parts.link.ended.then(
    (end) => parts.finish(exitCodeOf(parts, end)),
    () => parts.finish(1),
  )
  return {
    ended: ended.then(async (exitCode) => {
      stopClocks()
      parts.agent.stop()
      parts.link.close()
      parts.log.info('summary', summary(parts.tally, standing(parts)))
      await input.host.journal.end()
      return exitCode
    }),
    report: () => ({ tally: parts.tally, standing: standing(parts) }),
    drain: () => drain(parts),
    abort: () => parts.finish(exitCodes.interrupt),
  }
}

/** Fills the card from what engine and GPU say now; an engine that does not answer offers nothing. */
export async function readCard(
  config: AgentConfig,
  host: Host,
  log: Logger,
): Promise<CapabilityCard> {
  const models = await host.engine.listModels().catch((error: Error) => {
    log.warn('the engine does not list its models', { reason: error.message })
    return []
  })
  const missing = missingModels(models, config.models)
  if (missing.length > 0) log.warn('models are missing', { models: missing.join(',') })
  return makeCard({
    engine: host.engine.name,
    models,
    only: config.models,
    gpu: host.gpu?.gpu,
    cudaVersion: host.gpu?.cudaVersion ?? null,
    vramReserveMib: config.vramReserveMib,
    concurrency: config.concurrency,
    region: config.region,
    pricePrompt: config.pricePrompt,
    priceCompletion: config.priceCompletion,
    priceHour: config.priceHour,
    priceGpuSecond: config.priceGpuSecond,
  })
}

function openAgent(parts: Parts): Agent {
  const { config, host, log, tally } = parts
  return createAgent({
    api: config.api.host,
    engine: paced(host.engine, config.tokensPerSecond),
    gpuLock: config.gpuLock === undefined ? undefined : openGpuLock({ name: config.gpuLock }),
    verifier: nodeVerifier(),
    journal: host.journal,
    log,
    tally,
    concurrency: config.concurrency,
    queueMax: config.queueMax,
    tokenTimeoutMs: config.tokenTimeoutMs,
    unreleasedMax: config.unreleasedMax,
    unsettledMax: config.unsettledMax,
    nowMs: Date.now,
    models: () => parts.card.models,
    agreedMin: config.agreedMin,
    checkBooking: createBookingCheck({
      light: parts.light,
      genesis: (site) => genesisOf(parts, site),
      address: addressOf(host.signer.publicKey),
      leastPerHour: config.bookedMin ?? hourOf(parts.card),
      nowMs: Date.now,
    }),
    send: (frame: MinerFrame) => parts.link.send(frame),
    deliver: (attempt, outcome, site) => deliver({ attempt, outcome, site, signer: host.signer }),
    onChange: () => onChange(parts),
  })
}

/** The genesis of the site's chain, once the site has shown that it is that of its challenge. */
async function genesisOf(parts: Parts, site: SiteIdentity): Promise<Genesis | undefined> {
  const { genesis: known } = parts
  if (known && bytesEqual(hashOfGenesis(known), site.genesisHash)) return known
  const status = await parts.chain.status()
  if (!status.ok || !bytesEqual(hashOfGenesis(status.value.genesis), site.genesisHash)) {
    return undefined
  }
  parts.genesis = status.value.genesis
  return parts.genesis
}

function makeSettler(parts: Parts): Settler {
  const { config, host, log, tally, chain } = parts
  return createSettler({
    api: config.api.host,
    chain,
    journal: host.journal,
    signer: host.signer,
    log,
    tally,
    settleAfterMs: config.settleAfterMs,
    nowMs: Date.now,
    prove: createProver(parts.light),
  })
}

function answer(parts: Parts, challenge: Challenge): Result<MinerFrame, { message: string }> {
  const { config, host, log } = parts
  const { genesis_hash, chain_id } = challenge
  if (!namesSite(config.api, challenge.site)) {
    // Signed for another name, our answer would open that other site's door to whoever asks.
    const message = `${config.api.host} calls itself ${challenge.site}; its SITE_HOST is wrong, or it relays another site`
    return err({ message })
  }
  const check = checkSite({
    home: host.home,
    host: config.api.host,
    genesisHash: genesis_hash,
    chainId: chain_id,
    accept: config.acceptGenesis,
    isLoopback: isLoopback(config.api.hostname),
  })
  if (!check.ok) return err({ message: check.error.message })
  const genesisHash = fromHex(genesis_hash, 32)
  const coordinator = fromHex(challenge.coordinator, 32)
  if (!genesisHash.ok || !coordinator.ok) return err({ message: 'the challenge is malformed' })
  if (parts.site !== undefined && parts.site.hash !== genesis_hash) {
    // What runs was promised on the other chain and cannot be paid on this one.
    parts.agent.stop()
  }
  parts.site = {
    genesisHash: genesisHash.value,
    coordinator: coordinator.value,
    hash: genesis_hash,
  }
  parts.agent.meet(parts.site)
  parts.settler.meet(parts.site)
  void checkChain(parts, genesisHash.value)
  log.info('site', {
    site: challenge.site,
    chain: chain_id,
    genesis: genesis_hash,
    trust: check.value,
    coordinator: toHex(coordinator.value),
  })
  return ok(
    makeHello({
      challenge,
      minerId: config.minerId,
      signer: host.signer,
      card: parts.card,
      resume: parts.agent.resumable(),
      apiKey: host.apiKey,
    }),
  )
}

/** Leaves a site whose chain does not continue the one that was verified before: it pays in other coins. */
async function checkChain(parts: Parts, expected: Uint8Array): Promise<void> {
  const { log } = parts
  try {
    const status = await parts.chain.status()
    if (!status.ok || !bytesEqual(hashOfGenesis(status.value.genesis), expected)) return
    const followed = await parts.light.follow(status.value.genesis)
    if (followed.ok) {
      log.info('chain verified', { height: followed.value.head.height })
      return
    }
    const { code, message } = followed.error
    const isOther = code === 'NOT_EXTENDED' || code === 'HEAD_FORKED'
    log[isOther ? 'error' : 'warn']('the chain is not verified', { code, reason: message })
    if (isOther) parts.finish(exitCodes.conflict)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    log.error('the chain is not verified', { reason })
  }
}

/** Whether a site may call itself so. On loopback every name is fine: nobody else is there. */
function namesSite(api: URL, site: string): boolean {
  return isLoopback(api.hostname) || site === api.hostname || site === api.host
}

function onFrame(parts: Parts, frame: ServerFrame): void {
  if (frame.type === 'welcome') {
    parts.heartbeatMs = Math.min(parts.config.heartbeatMs, Math.max(1_000, frame.heartbeat_ms))
    parts.log.info('connected', {
      miner: frame.miner_id,
      pays: formatAddress(addressOf(parts.host.signer.publicKey)),
      models: parts.card.models.map(({ name }) => name).join(',') || '(none)',
      resumed: frame.resume.length,
    })
  }
  if (frame.type === 'settled') parts.settler.onSettled(frame)
  else parts.agent.take(frame)
}

/** Ends the session when there is nothing left to wait for. */
function onChange(parts: Parts): void {
  const { running, waiting, unreleased } = parts.agent.standing()
  const idle = running + waiting + unreleased === 0
  if (parts.config.once && parts.tally.released > 0 && !parts.draining) drain(parts)
  if (parts.draining && idle) parts.finish(exitCodes.ok)
}

function drain(parts: Parts): void {
  if (parts.draining) return
  parts.draining = true
  const { running, unreleased } = parts.agent.standing()
  parts.log.info('draining', { running, unreleased, timeout_ms: parts.config.drainTimeoutMs })
  parts.agent.drain()
  setTimeout(() => {
    const left = parts.agent.standing()
    parts.log.warn('drain timeout', { running: left.running, unreleased: left.unreleased })
    parts.finish(exitCodes.timeout)
  }, parts.config.drainTimeoutMs).unref()
  onChange(parts)
}

function startClocks(parts: Parts): () => void {
  let beat: NodeJS.Timeout
  const heartbeat = () => {
    const { running, waiting } = parts.agent.standing()
    parts.link.send({ type: 'heartbeat', inflight: running, queued: waiting })
    beat = setTimeout(heartbeat, parts.heartbeatMs)
  }
  beat = setTimeout(heartbeat, parts.heartbeatMs)
  const timers = [
    setInterval(() => parts.agent.sweep(), sweepEveryMs),
    setInterval(() => {
      parts.log.info('summary', summary(parts.tally, standing(parts)))
    }, parts.config.summaryMs),
    setInterval(() => void refreshCard(parts), refreshEveryMs),
    setInterval(() => void parts.settler.tick(), settleEveryMs),
    ...claimClock(parts),
  ]
  return () => {
    clearTimeout(beat)
    for (const timer of timers) clearInterval(timer)
  }
}

/** Rewards are claimed of the chain that the site has shown, and not before. */
function claimClock(parts: Parts): NodeJS.Timeout[] {
  const { config, chain, host, log } = parts
  const { claimEveryMs: everyMs } = config
  if (everyMs === undefined) return []
  const genesis = async () => (parts.site ? await genesisOf(parts, parts.site) : undefined)
  const { signer } = host
  const claimer = createClaimer({ chain, signer, log, nowMs: Date.now, genesis, everyMs })
  return [setInterval(() => void claimer.tick(), Math.min(everyMs, refreshEveryMs))]
}

/** Shows the site a new card when the engine gained or lost a model. */
async function refreshCard(parts: Parts): Promise<void> {
  const card = await readCard(parts.config, parts.host, parts.log)
  if (JSON.stringify(card) === JSON.stringify(parts.card)) return
  parts.card = card
  parts.log.info('the engine offers other models now', { models: card.models.length })
  parts.link.renew()
}

function standing(parts: Parts): Standing {
  return {
    ...parts.agent.standing(),
    connected: parts.link.isUp(),
    models: parts.card.models.length,
    unsettledAmount: parts.host.journal.openAmount(),
  }
}

/** What the card comes to for a place and hour; undefined: it is not to be booked. */
function hourOf(card: CapabilityCard): bigint | undefined {
  const { price_hour: hour, price_gpu_second: second } = card
  return timePrices({
    pricePerHour: hour === undefined ? undefined : BigInt(hour),
    pricePerGpuSecond: second === undefined ? undefined : BigInt(second),
    gpus: card.gpus.length,
    places: card.concurrency,
  }).pricePerHour
}

function exitCodeOf(parts: Parts, end: LinkEnd): number {
  if (end.code === 'CLOSED') return exitCodes.ok
  parts.log.error('the site and this miner part', { code: end.code, reason: end.message })
  if (end.code === 'UNAUTHENTICATED') return exitCodes.auth
  return end.code === 'PROTOCOL' ? exitCodes.server : exitCodes.conflict
}

function socketUrl(api: URL): string {
  const url = new URL('/api/v1/miners/ws', api)
  url.protocol = api.protocol === 'https:' ? 'wss:' : 'ws:'
  return url.href
}
