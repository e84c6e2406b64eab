/**
 * The chain object: one a site, named `chain`. Everything that a block is, is decided in core; here are
 * the storage, the clock, the alarm, the sockets, the outbox and the exchange with other sites.
 * Long because whatever the site calls by RPC has to be a method of this one class.
 */
import { DurableObject } from 'cloudflare:workers'
import {
  type ChainNodeService,
  chainReadLimits,
  type FreshTransactions,
  type TransactionsAsk,
} from '../core/api/chain-reads.ts'
import type {
  AccountView,
  BlockView,
  BondView,
  BookingView,
  ClaimableView,
  EscrowView,
  HeadView,
  ProofError,
  ProofSubject,
  ProofView,
  StatusView,
  SubmitVerdict,
  TransactionView,
} from '../core/api/chain-service.ts'
import { type BlockSummary, summaryOf } from '../core/api/rpc-views.ts'
import type { SnapshotService, SnapshotsView } from '../core/api/snapshot-service.ts'
import type {
  ImportVerdict,
  PeersView,
  SigningVerdict,
  SyncReply,
  SyncService,
} from '../core/api/sync-service.ts'
import { openEngine } from '../core/chain/engine.ts'
import type { Engine, Step } from '../core/chain/engine-api.ts'
import type { ClaimName } from '../core/chain/entries.ts'
import type { AuthoritySet, Genesis } from '../core/chain/genesis.ts'
import type { LightUpdate } from '../core/chain/light.ts'
import type { LightAnswer } from '../core/chain/light-fact.ts'
import { submitBatchMax } from '../core/chain/limits.ts'
import {
  type ChainConfiguration,
  type ChainNodeEnv,
  readChainConfiguration,
} from './chain/configuration.ts'
import { freshTransactions, transactionsAt } from './chain/fresh-transactions.ts'
import { gather } from './chain/gathering.ts'
import { hasFaucet, signGift } from './chain/gift.ts'
import {
  backoffMs,
  chainNodeLimits as limits,
  peerLimits,
  snapshotLimits,
  snapshotStartLimits,
} from './chain/limits.ts'
import { type FromBefore, openFromBefore, openNextChain } from './chain/next-chain.ts'
import { type Indexer, type Outbox, openOutbox } from './chain/outbox.ts'
import type { Taken } from './chain/peer-context.ts'
import { openSnapshotSources, sourcesAmong, standingOf } from './chain/snapshot-sources.ts'
import { openSnapshotStart, type SnapshotStart } from './chain/snapshot-start.ts'
import { openSqliteSnapshotStore } from './chain/snapshot-store.ts'
import { openSnapshots, type Snapshots } from './chain/snapshots.ts'
import { openSqliteChainStore } from './chain/sqlite-chain-store.ts'
import { answerClose, openStreams, refuseMessage, type Streams } from './chain/streams.ts'
import { adviceOn, openSyncDesk, type SyncDesk } from './chain/sync-desk.ts'
import { logEntry } from './log-entry.ts'
import { sharedVerifier } from './native-ed25519.ts'

/**
 * The object without its read model: the composition root extends it with `createIndexer`, since nothing
 * in this folder knows the database.
 */
export abstract class ChainNodeObject<Env extends ChainNodeEnv = ChainNodeEnv>
  extends DurableObject<Env>
  implements ChainNodeService
{
  readonly #configuration: ChainConfiguration | Refusal
  readonly #streams: Streams | undefined
  readonly #outbox: Outbox | undefined
  readonly #desk: SyncDesk | undefined
  readonly #snapshots: Snapshots | undefined
  readonly #start: SnapshotStart | undefined
  readonly #before: FromBefore | undefined
  /** Undefined after a failed write: what memory holds may be ahead of the store. */
  #engine: Engine | undefined
  #finalHeight = -1
  #armedAtMs = Number.POSITIVE_INFINITY
  #failures = 0
  #retryAtMs = 0
  #fault: string | undefined

  /** Submissions that arrive together share one atomic write. */
  readonly #gathered = gather(
    (transactions: readonly Uint8Array[]) => this.#submit(transactions),
    submitBatchMax,
    () => this.ctx.storage.sync(),
  )

  protected abstract createIndexer(env: Env, genesis: Genesis): Indexer

  constructor(state: DurableObjectState, env: Env) {
    super(state, env)
    this.#configuration = this.#readConfiguration()
    if ('refusal' in this.#configuration) return
    const genesisTimeMs = Number(this.#configuration.genesis.genesisTimeMs)
    this.#before = openFromBefore(state.storage.sql)
    this.#streams = openStreams(state, genesisTimeMs)
    this.#outbox = openOutbox({
      sql: state.storage.sql,
      indexer: this.createIndexer(env, this.#configuration.genesis),
      engine: () => this.#open(),
      finalHeight: () => this.#finalHeight,
      partiesOf: (escrow) => this.#before?.partiesOf(escrow),
      onChange: () => this.#arm(),
    })
    this.#start = this.#openStart(this.#configuration)
    this.#desk = this.#openDesk(this.#configuration)
    this.#snapshots = openSnapshots({
      store: openSqliteSnapshotStore(state.storage.sql),
      engine: () => this.#open(),
      finalHeight: () => this.#finalHeight,
      every: this.#configuration.snapshotEvery,
      now: () => Date.now(),
      onChange: () => this.#arm(),
      log: logEntry,
      limits: snapshotLimits,
    })
    // A kill may have come between another chain's coming and their being taken over.
    if (this.#before.waiting().length > 0) this.#takeWaiting()
    // Whoever woke the object, the alarm may be lost: local servers keep it in memory only.
    this.#arm()
  }

  async submit(transactions: readonly Uint8Array[]): Promise<SubmitVerdict[]> {
    return this.#gathered(transactions)
  }

  async faucet(to: Uint8Array, amount: bigint): Promise<SubmitVerdict> {
    const { genesis, faucet } = this.#usable()
    if (!hasFaucet(genesis, faucet)) {
      const message = 'genesis names no faucet account of this site'
      const error = { code: 'KIND_NOT_ALLOWED', message } as const
      return { ok: false, hash: new Uint8Array(32), error }
    }
    const engine = this.#open()
    const bytes = signGift({ engine, genesis, faucet, to, amount, nowMs: Date.now() })
    const [verdict] = this.#submit([bytes])
    return verdict as SubmitVerdict
  }

  async status(): Promise<StatusView> {
    const { genesis } = this.#usable()
    const engine = this.#open()
    const status = engine.status(Date.now())
    return {
      chainId: genesis.chainId,
      genesisHash: engine.genesisHash,
      genesisTimeMs: Number(genesis.genesisTimeMs),
      parameters: genesis.parameters,
      authorities: status.authorities,
      authoritiesUntil: status.closesAt,
      head: status.head,
      currentSlot: status.currentSlot,
      mempoolSize: status.mempoolSize,
      indexedHeight: this.#outbox?.indexedHeight() ?? -1,
      keptFrom: engine.keptFrom(),
      supply: status.supply,
      proposing: status.proposing,
      fault: this.#fault ?? adviceOn(status.fault) ?? this.#outbox?.fault(),
    }
  }

  async head(): Promise<HeadView> {
    return this.#open().head()
  }

  async account(address: Uint8Array): Promise<AccountView> {
    return this.#open().account(address)
  }

  async finalEscrow(id: Uint8Array): Promise<EscrowView | undefined> {
    return this.#open().finalEscrow(id)
  }

  async finalBooking(id: Uint8Array): Promise<BookingView | undefined> {
    return this.#open().finalBooking(id)
  }

  async finalBond(owner: Uint8Array): Promise<BondView | undefined> {
    return this.#open().finalBond(owner)
  }

  async finalClaimable(name: ClaimName): Promise<ClaimableView | undefined> {
    return this.#open().finalClaimable(name)
  }

  async transaction(hash: Uint8Array): Promise<TransactionView | undefined> {
    return this.#open().transaction(hash)
  }

  async proof(subject: ProofSubject): Promise<ProofView | ProofError> {
    return this.#open().proof(subject)
  }

  async lightUpdate(from: number, to?: number): Promise<LightUpdate> {
    return this.#open().lightUpdate(from, to)
  }

  async lightProof(subject: ProofSubject, from: number): Promise<LightAnswer | ProofError> {
    return this.#open().lightProof(subject, from)
  }

  async block(at: number | Uint8Array): Promise<BlockView | undefined> {
    const engine = this.#open()
    return typeof at === 'number' ? engine.blockAt(at) : engine.block(at)
  }

  async blocks(range: { readonly from: number; readonly to: number }): Promise<BlockSummary[]> {
    const engine = this.#open()
    const from = Math.max(0, range.from)
    const to = Math.min(range.to, engine.head().height, from + chainReadLimits.blocksMax - 1)
    const blocks: BlockSummary[] = []
    for (let height = from; height <= to; height++) {
      const block = engine.blockAt(height)
      if (block) blocks.push(summaryOf(block))
    }
    return blocks
  }

  async pool(limit: number): Promise<TransactionView[]> {
    return inBytes(this.#open().pool(Math.min(limit, chainReadLimits.transactionsMax)))
  }

  async waiting(sender: Uint8Array): Promise<TransactionView[]> {
    return inBytes(this.#open().waiting(sender).slice(0, chainReadLimits.transactionsMax))
  }

  async recent({ above }: { readonly above: number }): Promise<TransactionView[]> {
    const engine = this.#open()
    const { height: top } = engine.head()
    const found: TransactionView[] = []
    const lowest = Math.max(above, top - chainReadLimits.blocksMax)
    for (let height = top; height > lowest; height--) {
      for (const view of transactionsAt(engine, height).reverse()) {
        if (found.length >= chainReadLimits.transactionsMax) return inBytes(found)
        found.push(view)
      }
    }
    return inBytes(found)
  }

  async freshTransactions(ask: TransactionsAsk): Promise<FreshTransactions> {
    return freshTransactions(this.#open(), ask)
  }

  async pull(ask: Uint8Array): Promise<SyncReply> {
    return this.#sync().pull(ask)
  }

  async announce(input: Parameters<SyncService['announce']>[0]): Promise<SyncReply> {
    return this.#sync().announce(input)
  }

  async importBlock(bytes: Uint8Array): Promise<ImportVerdict> {
    return this.#sync().importBlock(bytes)
  }

  async peers(): Promise<PeersView> {
    return this.#sync().peers()
  }

  async setSigning(input: Parameters<SyncService['setSigning']>[0]): Promise<SigningVerdict> {
    return this.#sync().setSigning(input)
  }

  async snapshots(): Promise<SnapshotsView> {
    this.#usable()
    return (this.#snapshots as Snapshots).view()
  }

  async snapshotPart({ height, part }: Parameters<SnapshotService['snapshotPart']>[0]) {
    return this.#snapshots?.part(height, part)
  }

  async watchdog(): Promise<void> {
    if ('refusal' in this.#configuration) return
    this.#advance()
    // Memory may say that the alarm is set when the platform has lost it.
    this.#armedAtMs = Number.POSITIVE_INFINITY
    this.#arm()
    await this.#outbox?.retry()
  }

  override async alarm(): Promise<void> {
    if ('refusal' in this.#configuration) return
    this.#armedAtMs = Number.POSITIVE_INFINITY
    this.#advance()
  }

  /** Takes the sockets of the streams; the Worker passes nothing else on. */
  override async fetch(request: Request): Promise<Response> {
    this.#usable()
    const { pathname } = new URL(request.url)
    const name = /^\/rpc\/ws\/(blocks|transactions)$/.exec(pathname)?.[1]
    const upgrades = request.headers.get('upgrade')?.toLowerCase() === 'websocket'
    if (!this.#streams || !name || !upgrades) return new Response(null, { status: 426 })
    return this.#streams.accept(name as 'blocks' | 'transactions')
  }

  override async webSocketMessage(socket: WebSocket): Promise<void> {
    refuseMessage(socket)
  }

  override async webSocketClose(socket: WebSocket, code: number): Promise<void> {
    answerClose(socket, code)
  }

  #submit(transactions: readonly Uint8Array[]): SubmitVerdict[] {
    const verdicts = this.#admit(transactions)
    this.#desk?.exchange.sayTransactions(
      transactions.filter((_, at) => verdicts[at]?.ok && !verdicts[at].known),
    )
    return verdicts
  }

  #admit(transactions: readonly Uint8Array[]): SubmitVerdict[] {
    const verdicts = this.#write((engine) => engine.submit(transactions, Date.now()))
    this.#arm()
    if (this.#streams?.isHeard('transactions')) {
      const engine = this.#open()
      const fresh = verdicts.filter((verdict) => verdict.ok && !verdict.known)
      const views = fresh.map((verdict) => engine.transaction(verdict.hash))
      this.#streams.sendTransactions(views.filter((view) => view !== undefined))
    }
    return verdicts
  }

  /** Does what is due, tells the listeners, and hands new final blocks to the read model. */
  #advance(): void {
    const nowMs = Date.now()
    const isBeginning = this.#isBeginning()
    if (nowMs >= this.#retryAtMs && !isBeginning) {
      try {
        this.#publish(this.#write((engine) => engine.tick(nowMs)))
        this.#failures = 0
        this.#fault = undefined
      } catch (error) {
        this.#failures += 1
        const bounds = { first: limits.stepRetryMs, max: limits.stepRetryMsMax }
        this.#retryAtMs = nowMs + backoffMs(this.#failures, bounds)
        this.#fault = `block production: ${error instanceof Error ? error.message : String(error)}`
        console.error(JSON.stringify({ msg: 'chain step failed', error: this.#fault }))
      }
    }
    // Not awaited: an alarm that waits for the database holds up the next block.
    if (this.#outbox) this.ctx.waitUntil(this.#outbox.drain())
    if (this.#start) this.ctx.waitUntil(this.#start.work())
    if (this.#desk) this.ctx.waitUntil(this.#desk.exchange.pullDue())
    if (this.#snapshots) this.ctx.waitUntil(this.#snapshots.work())
    this.#arm()
  }

  /** Runs writes that were not this site's idea, such as a block of another, and tells what they did. */
  #take<T>(action: (engine: Engine, nowMs: number) => Taken<T>): T {
    const { steps, value } = this.#write((engine) => action(engine, Date.now()))
    for (const step of steps) this.#publish(step)
    if (this.#outbox && steps.some(({ finalized }) => finalized)) {
      this.ctx.waitUntil(this.#outbox.drain())
    }
    this.#arm()
    return value
  }

  #publish(step: Step): void {
    this.#finalHeight = step.finalized?.to ?? this.#finalHeight
    this.#desk?.exchange.say(step.send)
    this.#desk?.noteOffences(step.offences)
    this.#desk?.reorgs.note(step.deserted)
    if (step.added.length === 0 || !this.#streams?.isHeard('blocks')) return
    const engine = this.#open()
    const blocks = step.added.map((head) => engine.block(head.hash))
    this.#streams.sendBlocks(blocks.filter((block) => block !== undefined).map(summaryOf))
  }

  /** Sets the one alarm to the earliest of what is due. Cheap when it is set so already. */
  #arm(): void {
    if ('refusal' in this.#configuration) return
    const nowMs = Date.now()
    let dueAtMs = this.#retryAtMs
    try {
      const engine = this.#open()
      dueAtMs = this.#isBeginning()
        ? Number.POSITIVE_INFINITY
        : Math.max(engine.dueAtMs(nowMs), this.#retryAtMs)
      dueAtMs = Math.min(dueAtMs, this.#start?.dueAtMs() ?? dueAtMs)
      dueAtMs = Math.min(dueAtMs, this.#outbox?.dueAtMs() ?? dueAtMs)
      dueAtMs = Math.min(dueAtMs, this.#desk?.exchange.dueAtMs() ?? dueAtMs)
      dueAtMs = Math.min(dueAtMs, this.#snapshots?.dueAtMs() ?? dueAtMs)
    } catch {
      dueAtMs = Math.max(nowMs + limits.stepRetryMs, this.#retryAtMs)
    }
    const atMs = Math.max(dueAtMs, nowMs)
    if (atMs >= this.#armedAtMs && this.#armedAtMs > nowMs) return
    this.#armedAtMs = atMs
    this.ctx.waitUntil(this.ctx.storage.setAlarm(atMs))
  }

  /** Runs one write of the engine; one that fails leaves nothing behind, in memory neither. */
  #write<T>(action: (engine: Engine) => T): T {
    const engine = this.#open()
    try {
      return action(engine)
    } catch (error) {
      this.#engine = undefined
      throw error
    }
  }

  #open(): Engine {
    if (this.#engine) return this.#engine
    const { genesis, authority } = this.#usable()
    const opened = openEngine({
      store: openSqliteChainStore(this.ctx.storage),
      genesis,
      verifier: sharedVerifier,
      signer: authority,
    })
    if (!opened.ok) {
      const { code, message } = opened.error
      throw failure(code === 'GENESIS_MISMATCH' ? 'CONFIG_INVALID' : 'CHAIN_UNAVAILABLE', message)
    }
    this.#engine = opened.value
    this.#finalHeight = opened.value.head().finalHeight
    return opened.value
  }

  /** Whether the chain stands still for a snapshot; one that cannot be opened says why elsewhere. */
  #isBeginning(): boolean {
    try {
      return this.#start?.isBusy() ?? false
    } catch {
      return false
    }
  }

  #openStart({ genesis, peerUrls, snapshotStart }: ChainConfiguration): SnapshotStart {
    const next = openNextChain(this.ctx.storage)
    // The kill came between the last part and the change of place.
    next.takePlace()
    const peers = () => this.#desk?.exchange.view() ?? []
    const finalHeight = () => this.#open().head().finalHeight
    return openSnapshotStart({
      next,
      genesis,
      verifier: sharedVerifier,
      sources: openSnapshotSources({
        urls: () => sourcesAmong(peers()),
        fetch: (url, init) => fetch(url, init),
        now: () => Date.now(),
        log: logEntry,
        limits: snapshotStartLimits,
      }),
      finalHeight,
      lightState: () => this.#open().lightState(),
      peers: () => standingOf(peers(), finalHeight()),
      heightsMin: peerUrls.length === 0 ? 0 : snapshotStart,
      onTaken: () => this.#changeChain(),
      now: () => Date.now(),
      onChange: () => this.#arm(),
      log: logEntry,
      limits: snapshotStartLimits,
    })
  }

  /** Another chain stands in the store: all who look at it look anew. What waited goes on waiting. */
  #changeChain(): void {
    this.#engine = undefined
    this.#open()
    this.#outbox?.relocate()
    this.#takeWaiting()
    if (this.#outbox) this.ctx.waitUntil(this.#outbox.drain())
    this.#arm()
  }

  #takeWaiting(): void {
    const waiting = this.#before?.waiting() ?? []
    for (let at = 0; at < waiting.length; at += submitBatchMax) {
      this.#submit(waiting.slice(at, at + submitBatchMax))
    }
    if (waiting.length > 0) this.#before?.forgetWaiting()
  }

  #openDesk({ genesis, authority, peerUrls }: ChainConfiguration): SyncDesk {
    const desk = openSyncDesk({
      sql: this.ctx.storage.sql,
      urls: peerUrls,
      genesis,
      signer: authority,
      authorities: () => this.#authorities(),
      engine: () => this.#open(),
      take: (action) => this.#take(action),
      write: (action) => {
        this.#write((engine) => action(engine, Date.now()))
        this.#arm()
      },
      isPaused: () => this.#isBeginning(),
      installing: () => this.#start?.view(),
      submit: (transactions) => this.#admit(transactions),
      fetch: (url, init) => fetch(url, init),
      now: () => Date.now(),
      random: () => Math.random(),
      onChange: () => this.#arm(),
      log: logEntry,
      limits: peerLimits,
    })
    try {
      desk.exchange.greet()
    } catch {
      // The chain cannot be opened: every call says why.
    }
    return desk
  }

  #sync(): SyncDesk {
    this.#usable()
    return this.#desk as SyncDesk
  }

  #authorities(): AuthoritySet {
    return this.#open().status(Date.now()).authorities
  }

  #readConfiguration(): ChainConfiguration | Refusal {
    const read = readChainConfiguration(this.env)
    return read.ok ? read.value : { refusal: read.error.message }
  }

  #usable(): ChainConfiguration {
    if ('refusal' in this.#configuration) {
      throw failure('CONFIG_INVALID', this.#configuration.refusal)
    }
    return this.#configuration
  }
}

type Refusal = { readonly refusal: string }

/** An error whose code survives RPC; the gateway knows both codes. */
function failure(code: 'CONFIG_INVALID' | 'CHAIN_UNAVAILABLE', message: string): Error {
  return Object.assign(new Error(message), { code })
}

function inBytes(views: readonly TransactionView[]): TransactionView[] {
  let bytes = 0
  const end = views.findIndex((view) => {
    bytes += view.bytes.length
    return bytes > chainReadLimits.transactionBytesMax
  })
  return end === -1 ? [...views] : views.slice(0, end)
}
