/** A site with miners of the original and their keys, and what their programs and a client ask of it. */
import { randomBytes } from 'node:crypto'
import { expect } from 'vitest'
import { addressOf, formatAddress } from '../../core/crypto/address.ts'
import { call, type Json, keyOf } from './api-client.ts'
import { freshSigner } from './api-payer.ts'
import { type Harness, startHarness } from './harness.ts'
import type { SiteStateOptions } from './site-state.ts'
import { legacyRequest } from './test-miner-legacy.ts'

const newKey = (name: string) => `miner_${name}_${randomBytes(12).toString('hex')}`

/** Keys of miners with an address, one of them for one job alone, and of one without. */
export const minerKeys = {
  host: newKey('host'),
  script: newKey('script'),
  other: newKey('other'),
  single: newKey('single'),
  unpaid: newKey('unpaid'),
} as const

const payouts = new Map(
  [minerKeys.host, minerKeys.script, minerKeys.other, minerKeys.single].map((key) => [
    key,
    formatAddress(addressOf(freshSigner().publicKey)),
  ]),
)

/** The address that is paid for the work of a key. */
export function payoutOf(key: string): string {
  const address = payouts.get(key)
  if (address === undefined) throw new Error('this key has no address')
  return address
}

/** Starts a site that knows these keys and addresses; with more variables where they are given. */
export const startLegacySite = (
  vars: Readonly<Record<string, string>> = {},
  options: Pick<SiteStateOptions, 'parameters'> = {},
): Promise<Harness & AsyncDisposable> =>
  startHarness({
    ...options,
    vars: {
      ...vars,
      MINER_API_KEYS: JSON.stringify(Object.values(minerKeys)),
      MINER_PAYOUTS: JSON.stringify(Object.fromEntries(payouts)),
    },
  })

export type LegacyTalk = ReturnType<typeof legacyTalk>

/** What client and script say to a site. */
export function legacyTalk(site: () => Harness) {
  const client = () => keyOf(site(), 'CLIENT')
  /** The script `cli/miner.py`. */
  const script = (key: string, method: string, path: string, body?: Json) =>
    legacyRequest({ url: site().url, key }, method, path, body)
  return {
    client,
    script,
    submit: async (payload: Json, more: Json = {}): Promise<string> => {
      const body = { payload, ...more }
      const answer = await call(site(), '/api/v1/jobs', { key: client(), body })
      expect(answer.status, answer.text).toBe(201)
      return String(answer.json['job_id'])
    },
    registerScript: (key: string, more: Json = {}) =>
      script(key, 'POST', '/miners/register', {
        capabilities: {
          gpus: [{ name: 'RTX 4090', memory_mb: 24_576 }],
          models: ['m1'],
          cuda: '12.2',
        },
        concurrency: 1,
        ...more,
      }),
  }
}
