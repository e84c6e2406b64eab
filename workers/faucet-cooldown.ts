/** The caller's side of the faucet cool-down: itty-durable's proxy around the binding. */
import { proxyDurable } from 'itty-durable'
import type { FaucetCooldownService } from '../durable-objects/faucet-cooldown.ts'

/** The site's one cool-down object. */
export function faucetCooldownOf(namespace: DurableObjectNamespace): FaucetCooldownService {
  return proxyDurable(namespace, { name: 'FAUCET_COOLDOWN', parse: true }).get('faucet')
}
