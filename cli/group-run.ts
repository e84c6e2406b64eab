/** What groups of commands share at run time: who calls, and how the site is met. */
import type { ApiClient } from '../core/api/client.ts'
import { signerOf } from '../core/wallet/keystore.ts'
import type { GroupOptions } from './group-options.ts'
import { openKeystoreFile } from './key-store.ts'
import { createCaller } from './site-client.ts'
import { meetSite } from './wallet-chain.ts'
import { chosenAccount } from './wallet-keys.ts'
import { startWalletRun, type WalletRun } from './wallet-run.ts'

/** A run of a wallet for a group: `main` where none is named. */
export const walletRunOf = (
  options: GroupOptions<string>,
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): WalletRun =>
  startWalletRun(
    {
      ...options,
      wallet: options.wallet ?? 'main',
      output: options.output === 'json' ? 'json' : 'text',
    },
    env,
    signal,
  )

/** Opens the wallet and meets the site; requests are signed by the account. */
export async function openSigned(run: WalletRun) {
  const { keystore } = await openKeystoreFile(run)
  const signer = signerOf(chosenAccount(run, keystore))
  const met = await meetSite(run)
  const identity = { signer, genesisHash: met.genesisHash }
  return { ...met, signer, call: createCaller(run.options.api, run.signal, { identity }) }
}

/** Calls with the API key of a variable, unless a wallet is named or the variable is empty. */
export async function callerOf(
  options: GroupOptions<string>,
  variable: string,
  { env, signal }: { readonly env: NodeJS.ProcessEnv; readonly signal: AbortSignal },
): Promise<ApiClient> {
  const apiKey = env[variable] ?? ''
  if (options.wallet === undefined && apiKey !== '') {
    return createCaller(options.api, signal, { apiKey })
  }
  return (await openSigned(walletRunOf(options, env, signal))).call
}
