/** Who calls the market: a session, a signed request, or an API key of a client. */
import type { Principal } from '../core/auth/principal.ts'
import type { AppContext } from './context.ts'
import { ApiFailure } from './failure.ts'
import { principalOf } from './session.ts'

/** Whoever says who it is; undefined where nobody does. Credentials that do not hold are 401. */
export const callerOf = (c: AppContext): Promise<Principal | undefined> => principalOf(c)

/** The same; 401 for nobody. */
export async function requireCaller(c: AppContext): Promise<Principal> {
  const who = await callerOf(c)
  if (who) return who
  throw new ApiFailure({
    code: 'SIGN_IN_REQUIRED',
    message: 'Sign in, or call with an API key or a signed request: somebody has to stand for it.',
  })
}
