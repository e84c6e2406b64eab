/**
 * The coordinator object: one a site, named `default`. It owns jobs, miners, reservations and payments;
 * the rules are in core/jobs, the parts in this folder's `coordinator/`. Here they are joined: storage,
 * clock, alarm, sockets.
 * Long because whatever the site calls by RPC has to be a method of this one class.
 */
import { DurableObject } from 'cloudflare:workers'
import type { AccountDesk } from '../core/api/account-desk.ts'
import type { AdminDesk } from '../core/api/admin-desk.ts'
import type { ChainService } from '../core/api/chain-service.ts'
import type { CountReport } from '../core/api/coordinator-figures.ts'
import type {
  CoordinatorService,
  MinerReceipt,
  Principal,
  SiteView,
  SubmitJob,
} from '../core/api/coordinator-service.ts'
import { type ApiError, messageOf } from '../core/api/errors.ts'
import type { MarketCoordinator } from '../core/api/market-coordinator.ts'
import { assert, err, ok, type Result } from '../core/base/result.ts'
import { figuresOf } from './coordinator/figures.ts'
import { coordinatorLimits } from './coordinator/limits.ts'
import {
  type CoordinatorHost,
  type CoordinatorParts,
  openCoordinator,
} from './coordinator/parts.ts'
import { receiptBundle } from './coordinator/results.ts'
import { type CoordinatorEnv, readSettings, type Scope } from './coordinator/settings.ts'
import { onlineMiners, siteView } from './coordinator/site-view.ts'
import { minerWhy } from './coordinator/why.ts'

/**
 * The object without its chain: the composition root extends it with `openChain`, which gives the local
 * chain object or the site that is followed.
 */
export abstract class CoordinatorObject<Env extends CoordinatorEnv = CoordinatorEnv>
  extends DurableObject<Env>
  implements CoordinatorService, MarketCoordinator
{
  /** Undefined when the configuration cannot be used: then every call says so. */
  readonly #parts: CoordinatorParts | undefined
  readonly #configFault: unknown
  #alarmAtMs = Number.POSITIVE_INFINITY
  #marketTimer: ReturnType<typeof setTimeout> | undefined

  protected abstract openChain(env: Env): ChainService
  protected abstract openCooldown(env: Env): NonNullable<CoordinatorHost['cooldown']>
  /** A miner has come, gone or changed its card. */
  protected minersChanged(_env: Env): Promise<void> {
    return Promise.resolve()
  }

  constructor(state: DurableObjectState, env: Env) {
    super(state, env)
    try {
      const settings = readSettings(env)
      this.#parts = openCoordinator({
        state,
        settings,
        chain: this.openChain(env),
        now: () => Date.now(),
        wakeAt: (dueAtMs) => this.#wakeAt(dueAtMs),
        cooldown: this.openCooldown(env),
        minersChanged: () => this.#tellMarket(env),
      })
    } catch (error) {
      if ((error as { code?: unknown }).code !== 'CONFIG_INVALID') throw error
      this.#configFault = error
    }
  }

  /** What comes close together is told once; the market looks for itself now and then anyway. */
  #tellMarket(env: Env): void {
    if (this.#marketTimer !== undefined) return
    this.#marketTimer = setTimeout(() => {
      this.#marketTimer = undefined
      this.minersChanged(env).catch((error: unknown) =>
        console.error(JSON.stringify({ msg: 'market not told', error: String(error) })),
      )
    }, coordinatorLimits.tellMarketMs)
  }

  async marketMiners() {
    return this.#usable().marketDesk.marketMiners()
  }

  async marketCard(minerId: string) {
    return this.#usable().marketDesk.marketCard(minerId)
  }

  async withdrawals(after: number) {
    return this.#usable().marketDesk.withdrawals(after)
  }

  async receiptParties(receiptId: string) {
    return this.#usable().marketDesk.receiptParties(receiptId)
  }

  async keyAddress(publicId: string) {
    return this.#usable().marketDesk.keyAddress(publicId)
  }

  async keySend(...input: Parameters<MarketCoordinator['keySend']>) {
    return this.#usable().marketDesk.keySend(...input)
  }

  async post(...input: Parameters<MarketCoordinator['post']>) {
    return this.#usable().marketDesk.post(...input)
  }

  async posted(id: string) {
    return this.#usable().marketDesk.posted(id)
  }

  async setClaims(...input: Parameters<MarketCoordinator['setClaims']>) {
    return this.#usable().marketDesk.setClaims(...input)
  }

  async authenticate(input: {
    readonly apiKey: string
    readonly scope: Scope
  }): Promise<Principal | undefined> {
    const { apiKeys, accountKeys } = this.#usable()
    const publicId = apiKeys.publicIdOf(input.apiKey, input.scope)
    if (publicId !== undefined) return { kind: 'api_key', scope: input.scope, publicId }
    const admitted = accountKeys.admit(input.apiKey, input.scope)
    return admitted.ok ? admitted.value : undefined
  }

  async submitJob(who: Principal, job: SubmitJob) {
    return this.#for(who).clientJobs.submit(who, job)
  }

  async job(who: Principal, jobId: string) {
    return this.#for(who).clientJobs.job(who, jobId)
  }

  async submitBatch(...[who, batch]: Parameters<CoordinatorService['submitBatch']>) {
    return this.#for(who).clientJobs.submitBatch(who, batch)
  }

  async estimateJob(who: Principal, job: SubmitJob) {
    return this.#for(who).clientJobs.estimate(who, job)
  }

  async jobWhy(who: Principal, jobId: string) {
    return this.#for(who).clientJobs.why(who, jobId)
  }

  async minerWhy(minerId: string) {
    return minerWhy(this.#usable(), minerId)
  }

  async breakers() {
    return this.#usable().standing.breakers()
  }

  async measuredSpeed(minerId: string, model: string) {
    return this.#usable().standing.speedOf(minerId, model)
  }

  async makeWebhookSecret(who: Principal) {
    return ok({ secret: this.#for(who).webhooks.makeSecret(who.publicId) })
  }

  async webhookDeliveries(...[who, page]: Parameters<CoordinatorService['webhookDeliveries']>) {
    return this.#for(who).webhooks.list(who.publicId, page)
  }

  async jobs(who: Principal, page: { readonly limit: number; readonly offset: number }) {
    return this.#for(who).clientJobs.list(who, page)
  }

  async result(who: Principal, jobId: string) {
    const { clientJobs, store, dispatcher, held } = this.#for(who)
    const job = clientJobs.stored(who, jobId)
    if (!job) return notFound
    if (dispatcher.job(jobId)) return err<ApiError>({ code: 'JOB_NOT_READY' })
    const row = store.result(jobId)
    return ok({
      job: clientJobs.recordOf(job),
      result: row && parseObject(row.result),
      receipt: row && held.isPayable(jobId) ? parseObject(row.legacy_text) : undefined,
    })
  }

  async receipt(who: Principal, jobId: string) {
    const { clientJobs, store, held } = this.#for(who)
    const job = clientJobs.stored(who, jobId)
    if (!job) return notFound
    const row = store.result(jobId)
    if (!row) return err<ApiError>({ code: 'RECEIPT_NOT_FOUND' })
    if (!held.isPayable(jobId)) return err<ApiError>({ code: 'RESULT_HELD' })
    return ok(receiptBundle(job.ask, row))
  }

  async cancelJob(who: Principal, jobId: string) {
    return this.#for(who).clientJobs.cancel(who, jobId)
  }

  async streamJob(who: Principal, jobId: string) {
    return this.#for(who).clientJobs.stream(who, jobId)
  }

  async runJob(who: Principal, job: SubmitJob) {
    return this.#for(who).clientJobs.run(who, job)
  }

  /** Makes an escrow that its owner opened, with the key's delegate, the one that pays for the key. */
  async linkEscrow(who: Principal, escrowId: string): Promise<Result<null, ApiError>> {
    return this.#for(who).clientJobs.linkEscrow(who, escrowId)
  }

  async registerMiner(...input: Parameters<CoordinatorService['registerMiner']>) {
    return this.#for(input[0]).legacyMiners.register(...input)
  }

  async heartbeatMiner(...input: Parameters<CoordinatorService['heartbeatMiner']>) {
    return this.#for(input[0]).legacyMiners.heartbeat(...input)
  }

  async pollMiner(...input: Parameters<CoordinatorService['pollMiner']>) {
    return this.#for(input[0]).legacyMiners.poll(...input)
  }

  async finishMinerJob(...input: Parameters<CoordinatorService['finishMinerJob']>) {
    return this.#for(input[0]).legacyMiners.finish(...input)
  }

  async failMinerJob(...input: Parameters<CoordinatorService['failMinerJob']>) {
    return this.#for(input[0]).legacyMiners.fail(...input)
  }

  async minerWork(...[who, page]: Parameters<CoordinatorService['minerWork']>) {
    return this.#for(who).minerDesk.work(who.publicId, page)
  }

  async changeMiner(...input: Parameters<CoordinatorService['changeMiner']>) {
    return this.#for(input[0]).minerDesk.change(...input)
  }

  async removeMiner(who: Principal) {
    return this.#for(who).minerDesk.remove(who)
  }

  async matchMiners(...input: Parameters<CoordinatorService['matchMiners']>) {
    return this.#usable().minerDesk.match(...input)
  }

  async figures() {
    return figuresOf(this.#usable())
  }

  async countRequests(report: CountReport): Promise<void> {
    this.#usable().counting.add(report)
  }

  async site(): Promise<SiteView> {
    const { settings, view, dispatcher, settlement } = this.#usable()
    await view.readHead()
    const nowMs = Date.now()
    const finalSlot = view.finalSlot()
    return siteView({
      settings,
      miners: dispatcher.live(nowMs),
      ...dispatcher.counts(),
      dispatching: finalSlot !== undefined && view.isFresh(finalSlot, nowMs),
      fault: view.fault() ?? settlement.fault(),
    })
  }

  async onlineMiners() {
    return onlineMiners(this.#usable().dispatcher.live(Date.now()))
  }

  async publicJob(id: string) {
    return this.#usable().clientJobs.publicJob(id)
  }

  async heldResults(page: Parameters<CoordinatorService['heldResults']>[0]) {
    const { held, miners } = this.#usable()
    if (page.minerId !== undefined && !miners.isKnown(page.minerId)) return undefined
    return held.list({ ...page, limit: Math.min(page.limit, coordinatorLimits.heldPageMax) })
  }

  async minerReputation(minerId: string) {
    const { reputations, miners } = this.#usable()
    if (!miners.isKnown(minerId)) return undefined
    const { reputation, atMs } = reputations.read(minerId)
    return { reputation, asOfMs: atMs, costBps: reputations.costBps }
  }

  async minerReceipts(
    minerId: string,
    page: Parameters<CoordinatorService['minerReceipts']>[1],
  ): Promise<readonly MinerReceipt[] | undefined> {
    const { reputations, miners } = this.#usable()
    if (!miners.isKnown(minerId)) return undefined
    const limit = Math.min(page.limit, coordinatorLimits.heldPageMax)
    return reputations.receipts(minerId, { ...page, limit })
  }

  /** The desk for administrators. */
  async admin<Name extends keyof AdminDesk>(
    name: Name,
    ...input: Parameters<AdminDesk[Name]>
  ): Promise<Awaited<ReturnType<AdminDesk[Name]>>> {
    const desk: AdminDesk = this.#usable().adminDesk
    return await called<Awaited<ReturnType<AdminDesk[Name]>>>(desk, name, input)
  }

  /** The desk for accounts. */
  async accounts<Name extends keyof AccountDesk>(
    name: Name,
    ...input: Parameters<AccountDesk[Name]>
  ): Promise<Awaited<ReturnType<AccountDesk[Name]>>> {
    const desk: AccountDesk = this.#usable().accountDesk
    return await called<Awaited<ReturnType<AccountDesk[Name]>>>(desk, name, input)
  }

  async watchdog(): Promise<void> {
    this.#usable()
    await this.#work()
  }

  override async alarm(): Promise<void> {
    if (!this.#parts) return
    await this.#work()
  }

  /** Takes the sockets of miner agents; the Worker passes nothing else on. */
  override async fetch(request: Request): Promise<Response> {
    if (request.headers.get('upgrade')?.toLowerCase() !== 'websocket') {
      return new Response(null, { status: 426, headers: { upgrade: 'websocket' } })
    }
    const { 0: client, 1: server } = new WebSocketPair()
    const address = request.headers.get('cf-connecting-ip') ?? 'local'
    const { host } = new URL(request.url)
    this.#usable().sockets.accept(server, { address, host })
    return new Response(null, { status: 101, webSocket: client })
  }

  override async webSocketMessage(socket: WebSocket, message: string | ArrayBuffer) {
    try {
      this.#parts?.sockets.message(socket, message)
    } catch (error) {
      this.#parts?.sockets.failed(socket, error)
    }
  }

  override async webSocketClose(socket: WebSocket) {
    this.#parts?.sockets.closed(socket)
  }

  override async webSocketError(socket: WebSocket) {
    this.#parts?.sockets.closed(socket)
  }

  /** Everything that is due by the clock, and the next alarm. */
  async #work(): Promise<void> {
    this.#alarmAtMs = Number.POSITIVE_INFINITY
    try {
      await this.#usable().work()
    } catch (error) {
      console.error(JSON.stringify({ msg: 'work not done', error: String(error) }))
      this.#wakeAt(Date.now() + coordinatorLimits.retryMs)
    }
    // Whatever is due has asked for its time again; an alarm that was lost is set anew.
    if (this.#alarmAtMs < Number.POSITIVE_INFINITY) await this.ctx.storage.setAlarm(this.#alarmAtMs)
  }

  /** One alarm serves all: the earliest due time wins. */
  #wakeAt(dueAtMs: number): void {
    if (dueAtMs >= this.#alarmAtMs) return
    this.#alarmAtMs = dueAtMs
    void this.ctx.storage.setAlarm(Math.max(dueAtMs, Date.now()))
  }

  #usable(): CoordinatorParts {
    if (this.#parts) return this.#parts
    throw this.#configFault
  }

  /** The parts, for whoever may still call: a key that was revoked a moment ago may not. */
  #for(who: Principal): CoordinatorParts {
    const parts = this.#usable()
    const standing = parts.accountKeys.standing(who)
    if (standing.ok) return parts
    // Own fields survive RPC; the gateway answers with this code.
    throw Object.assign(new Error(messageOf(standing.error)), { code: standing.error.code })
  }
}

/** Calls one method of a desk by its name, and nothing that it merely inherits. */
async function called<Answer>(
  desk: object,
  name: string,
  input: readonly unknown[],
): Promise<Answer> {
  assert(Object.hasOwn(desk, name), 'a desk is asked for what it does')
  const methods = desk as Record<string, (...input: readonly unknown[]) => Promise<Answer>>
  return await (methods[name] as (typeof methods)[string])(...input)
}

const notFound = err<ApiError>({ code: 'JOB_NOT_FOUND' })

const parseObject = (text: string): Record<string, unknown> =>
  JSON.parse(text) as Record<string, unknown>
