/**
 * The Worker: composition root of a site. The only place that knows every part; each part knows none of
 * the others.
 */
import type { ChainService } from '../core/api/chain-service.ts'
import type { MarketCoordinator } from '../core/api/market-coordinator.ts'
import type { Genesis } from '../core/chain/genesis.ts'
import { hashBy } from '../core/crypto/hash.ts'
import { AccountObject } from '../durable-objects/account.ts'
import type { Indexer } from '../durable-objects/chain/outbox.ts'
import { ChainNodeObject } from '../durable-objects/chain-node.ts'
import { CoordinatorObject } from '../durable-objects/coordinator.ts'
import { FaucetCooldown as FaucetCooldownObject } from '../durable-objects/faucet-cooldown.ts'
import type { MarketReadModel } from '../durable-objects/market/ports.ts'
import { MarketObject } from '../durable-objects/market.ts'
import { NameClaimObject } from '../durable-objects/name-claim.ts'
import { nativeSha256 } from '../durable-objects/native-sha256.ts'
import { WalletDaemonObject, WalletOwnersObject } from '../durable-objects/wallet-daemon.ts'
import { chainOf, watchChain } from './chain-client.ts'
import { configOf } from './config.ts'
import { coordinatorOf, coordinatorStub } from './coordinator-client.ts'
import type { Env } from './env.ts'
import { faucetCooldownOf } from './faucet-cooldown.ts'
import { createGateway } from './gateway/gateway.ts'
import { createIndexer } from './indexer.ts'
import { marketOf, marketReadModel } from './market-client.ts'
import { adminRoutes } from './routes/admin.ts'
import { authRoutes } from './routes/auth.ts'
import { chainListRoutes } from './routes/chain-lists.ts'
import { coordinatorRoutes } from './routes/coordinator.ts'
import { explorerRoutes } from './routes/explorer.ts'
import { healthRoutes } from './routes/health.ts'
import { marketRoutes } from './routes/market.ts'
import { marketplaceRoutes } from './routes/marketplace.ts'
import { ollamaRoutes } from './routes/ollama.ts'
import { rpcRoutes } from './routes/rpc.ts'
import { metricsRoutes, nodeStatusRoutes } from './routes/status.ts'
import { userRoutes } from './routes/users.ts'
import { walletRoutes } from './routes/wallet.ts'
import { walletRpcRoutes } from './routes/wallet-rpc.ts'
import { resealWallets, walletOwnersOf } from './wallet-client.ts'

hashBy(nativeSha256)

/** The chain object, with the read model in D1. */
export class ChainNode extends ChainNodeObject<Env> {
  protected override createIndexer(env: Env, genesis: Genesis): Indexer {
    return createIndexer(env.DB, genesis)
  }
}

/** The coordinator object, on this site's chain or on the one that the site follows. */
export class Coordinator extends CoordinatorObject<Env> {
  protected override openChain(env: Env): ChainService {
    return chainOf(env, env.CHAIN_UPSTREAM)
  }

  protected override openCooldown(env: Env) {
    return faucetCooldownOf(env.FAUCET_COOLDOWN)
  }

  protected override minersChanged(env: Env): Promise<void> {
    return marketOf(env).refresh()
  }
}

/** The market object, with its read model in D1. */
export class Market extends MarketObject<Env> {
  protected override openChain(env: Env): ChainService {
    return chainOf(env, env.CHAIN_UPSTREAM)
  }

  protected override openCoordinator(env: Env): MarketCoordinator {
    return coordinatorOf(env) as unknown as MarketCoordinator
  }

  protected override openReadModel(env: Env): MarketReadModel {
    return marketReadModel(env.DB)
  }
}

/** The faucet's cool-down object. */
export class FaucetCooldown extends FaucetCooldownObject {}

/** The object of one account: nonces, sessions, profile. */
export class Account extends AccountObject {}

/** The object of one name that only one account may have. */
export class NameClaim extends NameClaimObject {}

/** The object of one owner's wallets. */
export class WalletDaemon extends WalletDaemonObject<Env> {
  protected override owners(env: Env) {
    return walletOwnersOf(env)
  }
}

/** The object that knows who has wallets. */
export class WalletOwners extends WalletOwnersObject {}

const gateway = createGateway({
  provide: (c) => {
    const { env } = c
    c.set('chain', chainOf(env, c.get('config').chainUpstream))
    c.set('coordinator', coordinatorOf(env))
    c.set('market', marketOf(env))
    c.set('coordinatorFetch', (request) => coordinatorStub(env).fetch(request))
  },
  services: {
    coordinator: coordinatorRoutes,
    ollama: ollamaRoutes,
    rpc: rpcRoutes,
    explorer: explorerRoutes,
    chain: chainListRoutes,
    market: marketRoutes,
    marketplace: marketplaceRoutes,
    health: healthRoutes,
    auth: authRoutes,
    admin: adminRoutes,
    users: userRoutes,
    wallet: walletRoutes,
    walletRpc: walletRpcRoutes,
    status: nodeStatusRoutes,
    metrics: metricsRoutes,
  },
})

export default {
  fetch: gateway,

  /** Cron, each minute: the watchdog that re-arms lost alarms. */
  async scheduled(_controller, env) {
    // Without configuration the objects can do nothing; health says what is missing.
    if (!configOf(env).ok) return
    await Promise.all([watchChain(env), coordinatorOf(env).watchdog(), resealWallets(env)])
    await marketOf(env).watchdog()
  },
} satisfies ExportedHandler<Env>
