/** How failures of vault and site are told. */
import type { RequestFailure } from '../shared/live/request.ts'
import type { Trouble } from '../shared/ui/trouble.tsx'
import type { VaultError } from '../shared/vault/messages.ts'

const untouched = 'Your keys and money are as they were.'

/** A refusal of the vault. */
export function vaultTrouble(error: VaultError): Trouble {
  return { happened: error.message, money: untouched, remedy: remedyOf(error) }
}

function remedyOf({ code }: VaultError): string {
  switch (code) {
    case 'PASSWORD_WRONG':
      return 'Check capitals and the keyboard’s language, then try again.'
    case 'WAIT':
      return 'Each further wrong password makes the wait longer.'
    case 'VAULT_LOCKED':
    case 'CHANGED_ELSEWHERE':
      return 'Unlock it and do this again.'
    case 'STORE_FAILED':
      return 'Make room in this browser, or allow this site to store data.'
    case 'OTHER_CURVE':
      return 'Say below whether you want that.'
    case 'PREVIEW_UNKNOWN':
      return 'Go back and review it once more: only what was shown just now is signed.'
    case 'BROKEN':
      return 'Load the page again; if that does not help, tell the operator of this site.'
    default:
      return 'Put it right and try again.'
  }
}

/** A transaction that the site did not take. */
export const sendTrouble = (failure: RequestFailure): Trouble => ({
  happened: failure.message,
  money:
    failure.code === 'REFUSED'
      ? 'It was not sent, so nothing was paid.'
      : 'It may or may not have arrived; it can be paid once only.',
  remedy:
    failure.code === 'REFUSED'
      ? 'Go back and review it again.'
      : 'Look at the history before you send another.',
})

/** Something that was asked of the site and moves no money. */
export const askTrouble = (failure: RequestFailure): Trouble => ({
  happened: failure.message,
  money: untouched,
  remedy: 'Try again in a while.',
})
