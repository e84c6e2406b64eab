/**
 * The object of one account, named by its address: who signed in, with which nonces, and where still. The
 * account itself is on the chain; here is only what a site needs to know its holder again.
 */
import { DurableObject } from 'cloudflare:workers'
import type { AccountService, SignInRecord } from '../core/api/account-service.ts'
import { type AccountStore, openAccountStore } from './account/account-store.ts'

export class AccountObject extends DurableObject<unknown> implements AccountService {
  readonly #store: AccountStore

  constructor(state: DurableObjectState, env: unknown) {
    super(state, env)
    this.#store = openAccountStore(state.storage)
  }

  async signIn(input: SignInRecord) {
    return this.#store.signIn(input, Date.now())
  }

  async profile() {
    return this.#store.profile()
  }

  async session(sessionId: string) {
    return this.#store.session(sessionId, Date.now())
  }

  async sessions() {
    return this.#store.sessions(Date.now())
  }

  async endSession(sessionId: string) {
    return this.#store.endSession(sessionId)
  }

  async endSessions() {
    return this.#store.endSessions()
  }
}
