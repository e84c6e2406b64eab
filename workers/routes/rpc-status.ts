/** `/rpc`: the state of the chain as a whole. */
import { Hono } from 'hono'
import { peersToJson } from '../../core/api/rpc-peers.ts'
import { headToJson, type StatusJson, statusToJson } from '../../core/api/rpc-views.ts'
import { toHex, toHex0x } from '../../core/base/bytes.ts'
import { formatLegacyTime } from '../../core/base/time.ts'
import { type Genesis, type GenesisJson, genesisToJson, slotMs } from '../../core/chain/genesis.ts'
import { chainQueries } from '../../d1/chain-queries.ts'
import { chainNodeOf } from '../chain-client.ts'
import type { AppContext, AppEnv } from '../context.ts'
import { mount } from './mount.ts'

export const rpcStatusRoutes = mount(new Hono<AppEnv>(), {
  getHead: async (c) => {
    const { genesis } = c.get('config')
    return c.json(headToJson(await chainNodeOf(c.env).head(), Number(genesis.genesisTimeMs)))
  },
  getStatus: async (c) => {
    const status: StatusJson = statusToJson(await chainNodeOf(c.env).status(), genesisJson(c))
    return c.json(status)
  },
  getGenesis: (c) => c.json(genesisJson(c)),
  getSyncStatus: syncStatus,
  getTestEndpoint: (c) => c.json({ status: 'updated_code_running' }),
})

/** Legacy fields first. Finality forbids reorganisations below the final block, hence the depth. */
export async function syncStatus(c: AppContext): Promise<Response> {
  const node = chainNodeOf(c.env)
  const [status, peers] = await Promise.all([node.status(), node.peers()])
  const { head } = status
  const among = peersToJson(peers)
  const meta = await chainQueries(c.env.DB)
    .meta()
    .catch(() => undefined)
  const timeMs = status.genesisTimeMs + head.slot * slotMs
  return c.json({
    chain_id: status.chainId,
    head_height: head.height,
    head_hash: toHex0x(head.hash),
    head_proposer: toHex(head.proposer),
    head_timestamp: formatLegacyTime(timeMs),
    total_blocks: head.height + 1,
    // Of finalized blocks that the read model has; null while it cannot be asked.
    total_transactions: meta?.transactions ?? null,
    validate_signatures: true,
    trusted_proposers: status.authorities.map(({ publicKey }) => toHex(publicKey)),
    max_reorg_depth: head.height - head.finalHeight,
    genesis_hash: toHex0x(status.genesisHash),
    final_height: head.finalHeight,
    indexed_height: status.indexedHeight,
    indexed_from: meta?.indexedFrom ?? null,
    kept_from: status.keptFrom,
    installing: among.installing,
    current_slot: status.currentSlot,
    peers: among.peers,
    fault: status.fault ?? null,
  })
}

const genesisCache = new WeakMap<Genesis, GenesisJson>()

function genesisJson(c: { get: (name: 'config') => { readonly genesis: Genesis } }): GenesisJson {
  const { genesis } = c.get('config')
  const known = genesisCache.get(genesis) ?? genesisToJson(genesis)
  genesisCache.set(genesis, known)
  return known
}
