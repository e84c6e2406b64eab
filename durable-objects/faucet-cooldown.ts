/**
 * Faucet cool-down: when this site last gave to an address. One object a site, disposable: losing it gives
 * somebody a second gift. The one place for itty-durable, inside its limits (docs/decisions): numbers and
 * strings only, arguments as JSON, no alarm.
 */
import { createDurable } from 'itty-durable'

/** Seconds between two gifts to one address. */
const cooldownSeconds = 60

/** Most addresses remembered; the oldest are forgotten first. */
const addressesMax = 2_000

/** What callers may ask of the object. Every answer is a number: seconds still to wait, or 0. */
export type FaucetCooldownService = {
  /** Books a gift: 0 when it may be given, else how many seconds to wait. */
  take(address: string, nowSeconds: number): Promise<number>
  /** Takes back a booking whose gift came to nothing. Always 0. */
  release(address: string): Promise<number>
}

type State = { served: Record<string, number> }

// autoPersist does not wait for its write; `take` and `release` do.
const Base = createDurable({ autoReturn: false, autoPersist: false }) as unknown as new (
  state: DurableObjectState,
  env: unknown,
) => State & { persist(): Promise<void> }

/** The object. The environment stays outside: itty-durable would copy every secret into its state. */
export class FaucetCooldown extends Base {
  override served: Record<string, number>

  constructor(state: DurableObjectState, _env: unknown) {
    super(state, {})
    this.served = {}
  }

  async take(address: string, nowSeconds: number): Promise<number> {
    if (typeof address !== 'string' || !Number.isSafeInteger(nowSeconds)) return cooldownSeconds
    const waitSeconds = (this.served[address] ?? -cooldownSeconds) + cooldownSeconds - nowSeconds
    // A longer wait than there is: the clock was set back since.
    if (waitSeconds > 0 && waitSeconds <= cooldownSeconds) return waitSeconds
    this.forgetOld(nowSeconds)
    this.served[address] = nowSeconds
    await this.persist()
    return 0
  }

  async release(address: string): Promise<number> {
    delete this.served[address]
    await this.persist()
    return 0
  }

  private forgetOld(nowSeconds: number): void {
    const entries = Object.entries(this.served).filter(
      ([, servedAt]) => servedAt + cooldownSeconds > nowSeconds,
    )
    this.served = Object.fromEntries(entries.slice(-addressesMax + 1))
  }
}
