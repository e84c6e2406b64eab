/** Views of the wallet by address. */

/** Every view, in the order of the tabs; `tab` is left out where no tab leads there. */
export const walletViews = [
  { view: 'overview', path: '/wallet/', title: 'Wallet', tab: 'Overview' },
  { view: 'send', path: '/wallet/send', title: 'Send', tab: 'Send' },
  { view: 'receive', path: '/wallet/receive', title: 'Receive', tab: 'Receive' },
  { view: 'history', path: '/wallet/history', title: 'History', tab: 'History' },
  { view: 'escrows', path: '/wallet/escrows', title: 'Escrows', tab: 'Escrows' },
  { view: 'messages', path: '/wallet/messages', title: 'Messages', tab: 'Messages' },
  { view: 'contacts', path: '/wallet/contacts', title: 'Address book', tab: 'Address book' },
  { view: 'settings', path: '/wallet/settings', title: 'Settings', tab: 'Settings' },
  { view: 'create', path: '/wallet/create', title: 'Create a wallet', tab: undefined },
  { view: 'import', path: '/wallet/import', title: 'Import a wallet', tab: undefined },
  { view: 'sign', path: '/wallet/sign', title: 'Sign', tab: undefined },
  { view: 'sign-in', path: '/wallet/sign-in', title: 'Sign in', tab: undefined },
] as const

export type WalletView = (typeof walletViews)[number]['view'] | 'unknown'

/** The view that an address names. */
export function viewOf(pathname: string): WalletView {
  const path = pathname === '/wallet/' ? pathname : pathname.replace(/\/+$/, '')
  return walletViews.find((entry) => entry.path === path)?.view ?? 'unknown'
}

/** What a view is called. */
export const titleOf = (view: WalletView): string =>
  walletViews.find((entry) => entry.view === view)?.title ?? 'Page not found'

/** Views that make a wallet rather than use one. */
export const makesWallet = (view: WalletView): boolean => view === 'create' || view === 'import'
