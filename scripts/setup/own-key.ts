/** Keys of this site for an operator's commands. */
import { existsSync } from 'node:fs'
import { fromHex } from '../../core/base/bytes.ts'
import { err, ok, type Result } from '../../core/base/result.ts'
import { signerFromSeed } from '../../core/crypto/ed25519.ts'
import type { Signer } from '../../core/crypto/signature.ts'
import { ensureDevVars } from './dev-vars.ts'
import { devVarsPath } from './paths.ts'

/**
 * A key out of the environment, else of `.dev.vars`. Secrets are not made here: a fresh key would be
 * nobody's.
 */
export function ownKey(
  name: 'AUTHORITY_KEY' | 'COORDINATOR_KEY',
): Result<Signer, { readonly message: string }> {
  const fromFile = () => (existsSync(devVarsPath) ? ensureDevVars().vars[name] : undefined)
  const text = process.env[name] ?? fromFile()
  if (text === undefined) {
    return err({ message: `${name} is neither in the environment nor in ${devVarsPath}` })
  }
  const seed = fromHex(text, 32)
  return seed.ok ? ok(signerFromSeed(seed.value)) : err({ message: `${name} is 64 hex digits` })
}
