/** Values of one recorded site, with which the examples of the table are told as one story. */

/** A client, its job and what became of it. */
export const exampleValues = {
  address: 'aitbc1clqm3rtn88ggfs23nvnjz2plffny0ml47dwhax',
  escrow: '0x41dce2f673451ecefeba7c631319e7c7717872eb53f6a88e1466c5c52eba1afb',
  job: '6dcc16d7e1916d22b69441df08fc21bb',
  /** A job in the hands of a miner of the original. */
  legacyJob: 'dd8991031d03237de95bc17738406297',
  gpu: 'gpu_5b1c0e9d',
  /** The market: an offer, a bid, an agreement and a booking. */
  offer: '5b1c0e9d7a3f4c6288e0d1b2a3c4f506',
  bid: '8f0e1d2c3b4a59687786a5b4c3d2e1f0',
  agreement: '0a1b2c3d4e5f60718293a4b5c6d7e8f9',
  booking: '9c8b7a695847362514032f1e0d9c8b7a',
  /** A booking as the chain names it, and an authorisation that was settled. */
  chainBooking: '0xe6f7a63706a0db97aac3a03a8a2b7b7eefe8c9ef55c5e56aac86915380d3d350',
  authorisation: '0xa8552d6917a4df1a7f65919ab1a632106e42ebc3c2f2cf31deed11d16784e9eb',
  settlement: '0xb656c56f049883278e17943d6e47dea0abb24f700081db67b9efa216af38633f',
  receipt: '0x4d4423a09d70344ef3c3ad7f0dfce165f6acf4c89a26dc5f7bcbfce6dd428445',
  /** A user and a wallet of his. */
  user: 'c9c3d1c4-5a52-8a3a-9d0f-6a1f0e2b7c11',
  wallet: 'savings',
  password: 'wild geese over a slate roof',
  /** A key of an account, and a miner. */
  accountKey: 'key_9f2c41d07ab5e3f1',
  miner: 'miner-A',
  /** Height of a snapshot. */
  snapshot: '5000',
  /** A signed transfer. */
  transferBytes:
    '01bcae568abc8663b3d29ba63e6ea31f6e179fdb8aca6bca086ce300402bd3cddd00000000000000020000000000000104000000000000006f017f24bef6f62c243d8dd709c715750e3436dd37ae00000000000f4240c5c024a12223c1f5814061e592735c6cb78e33d0fb163bf001451449a526cc7b51abd787a65e678066cb380af3f46585359ba00b193826c70021247edaa47904',
  /** Another, in the fields of the original. */
  sendTx: {
    type: 'TRANSFER',
    sender: 'aitbc1clqm3rtn88ggfs23nvnjz2plffny0ml47dwhax',
    nonce: 3,
    fee: 260,
    payload: { to: 'aitbc1hvals83vswrljquggku5qtx40gge5q7aejwl0h', amount: 1000000 },
    public_key: 'bcae568abc8663b3d29ba63e6ea31f6e179fdb8aca6bca086ce300402bd3cddd',
    valid_until: 111,
    sig: '677a8f9d8c39ef94afe0f7a9e1b7e7d19c23964ac4e79fe0f1967425d8ecd142fc9f25e61a8a76238991edb2aa7622d8a491145e2dd467ec6c4a3e6898f9c802',
  },
} as const
