/** The chain in the few fields that the original's command line prints. Rules: contract-SPEC.md, CHAINFACTS. */
import { Hono } from 'hono'
import { peersToJson } from '../../core/api/rpc-peers.ts'
import { coinsNumber } from '../../core/base/amount.ts'
import { toHex, toHex0x } from '../../core/base/bytes.ts'
import { slotMs } from '../../core/chain/genesis.ts'
import { addressOf, formatAddress } from '../../core/crypto/address.ts'
import { chainNodeOf } from '../chain-client.ts'
import type { AppEnv } from '../context.ts'
import { countOpen } from '../gateway/limiter.ts'
import { followed } from './follow.ts'
import { mount } from './mount.ts'
import { syncStatus } from './rpc-status.ts'

export const blockchainRoutes = mount(
  new Hono<AppEnv>()
    .use('/blockchain/*', async (c, next) => {
      await countOpen(c)
      await next()
    })
    .use('/blockchain/*', followed),
  {
    blockchainInfo: async (c) => {
      const status = await c.get('chain').status()
      return c.json({
        chain_id: status.chainId,
        genesis_hash: toHex0x(status.genesisHash),
        height: status.head.height,
        final_height: status.head.finalHeight,
        head_hash: toHex0x(status.head.hash),
        block_time_seconds: slotMs / 1_000,
        mempool_size: status.mempoolSize,
        validators: status.authorities.length,
        proposing: status.proposing,
      })
    },
    blockchainSync: syncStatus,
    blockchainPeers: async (c) => c.json(peersToJson(await chainNodeOf(c.env).peers())),
    blockchainSupply: async (c) => {
      const { supply } = await c.get('chain').status()
      return c.json({
        currency: 'AITBC',
        total_supply: coinsNumber(supply.genesis + supply.minted - supply.burned),
        circulating_supply: coinsNumber(supply.held),
        genesis: String(supply.genesis),
        minted: String(supply.minted),
        burned: String(supply.burned),
        held: String(supply.held),
        unit: 'base units',
      })
    },
    blockchainValidators: async (c) => {
      const { authorities, authoritiesUntil } = await c.get('chain').status()
      const set = authorities.map(({ publicKey, name }) => ({
        address: formatAddress(addressOf(publicKey)),
        public_key: toHex(publicKey),
        name,
      }))
      return c.json({ validators: set, total: set.length, until_height: authoritiesUntil ?? null })
    },
  },
)
