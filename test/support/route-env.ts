/** The configuration under which routes are tested without a site: a chain of nobody, and secrets of no use. */
import { type Genesis, genesisToJson } from '../../core/chain/genesis.ts'

export const routeGenesis: Genesis = {
  version: 1,
  chainId: 'aitbc-test',
  genesisTimeMs: 0n,
  parameters: {
    baseFee: 10n,
    feePerByte: 1n,
    feePerEntry: 100n,
    coordinatorShareBps: 500,
    closeNoticeSlots: 1_800n,
    authorisationLifeSlots: 400n,
    heartbeatSlots: 30n,
    faucetMax: 0n,
  },
  authorities: [{ publicKey: new Uint8Array(32).fill(7), name: 'a' }],
  faucets: [],
  accounts: [],
}

export const routeSecrets = {
  JWT_SECRET: 'j'.repeat(43),
  SESSION_SECRET: 's'.repeat(43),
  WALLET_ENCRYPTION_KEY: 'A'.repeat(43),
  AUTHORITY_KEY: '1'.repeat(64),
  COORDINATOR_KEY: '2'.repeat(64),
  CLIENT_API_KEYS: '["client-key-1"]',
  MINER_API_KEYS: '["miner-key-1"]',
  ADMIN_API_KEYS: '["admin-key-1"]',
  GENESIS_JSON: JSON.stringify(genesisToJson(routeGenesis)),
}
