/** A small chain, as a site would give its genesis. */
export const testGenesis = {
  version: 1,
  chain_id: 'aitbc-unit',
  genesis_time_ms: 1_795_420_000_000,
  parameters: {
    base_fee: '10',
    fee_per_byte: '1',
    fee_per_entry: '100',
    coordinator_share_bps: 500,
    close_notice_slots: 1_800,
    authorisation_life_slots: 600,
    heartbeat_slots: 30,
    faucet_max: '0',
  },
  authorities: [
    {
      public_key: '4f8035ec1afbdefdeb1a329ff0ddb0187f65731b6040cecd0dbbab646472cdbc',
      name: 'site-a',
    },
  ],
  faucets: [],
  accounts: [],
}
