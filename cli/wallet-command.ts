/** `client wallet`: one line for each command. */
import { unreachable } from '../core/base/result.ts'
import { sendCoins, showBalance } from './wallet-chain.ts'
import {
  addToWallet,
  backupWallet,
  changePassword,
  createWallet,
  exportSecret,
  importWallet,
  listAll,
  showAddresses,
} from './wallet-keys.ts'
import { signMessage, verifyMessage } from './wallet-message.ts'
import type { WalletOptions } from './wallet-options.ts'
import { startWalletRun } from './wallet-run.ts'
import { bondCoins, claimRewards, unbondCoins } from './wallet-stake.ts'

/** Does what was asked; throws a fault where it cannot. */
export async function runWallet(
  options: WalletOptions,
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<void> {
  const run = startWalletRun(options, env, signal)
  const { action } = options
  switch (action.kind) {
    case 'create':
      return await createWallet(run, action.words)
    case 'import':
      return await importWallet(run, action)
    case 'list':
      return listAll(run)
    case 'address':
      return showAddresses(run)
    case 'add':
      return await addToWallet(run, action.name)
    case 'export':
      return await exportSecret(run, action.what)
    case 'backup':
      return backupWallet(run, action.to)
    case 'passwd':
      return await changePassword(run)
    case 'balance':
      return await showBalance(run)
    case 'send':
      return await sendCoins(run, action)
    case 'bond':
      return await bondCoins(run, action)
    case 'unbond':
      return await unbondCoins(run, action)
    case 'claim':
      return await claimRewards(run, action)
    case 'sign':
      return await signMessage(run, action.text)
    case 'verify':
      return verifyMessage(run, action.file)
    default:
      return unreachable(action)
  }
}
