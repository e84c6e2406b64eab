/**
 * Views of the wallet whose code is fetched when somebody opens one: all but those before it is unlocked,
 * as every load begins with one of them.
 */
import { Later, type ViewLoader } from '../shared/frame/later.tsx'
import { titleOf, type WalletView } from './routes.ts'

const loaders = {
  overview: async () => (await import('./overview.tsx')).Overview,
  send: async () => (await import('./send.tsx')).Send,
  receive: async () => (await import('./receive.tsx')).Receive,
  history: async () => (await import('./history.tsx')).History,
  escrows: async () => (await import('./escrows.tsx')).Escrows,
  messages: async () => (await import('./messages.tsx')).Messages,
  contacts: async () => (await import('./contacts.tsx')).Contacts,
  settings: async () => (await import('./settings.tsx')).Settings,
  create: async () => (await import('./create.tsx')).CreateWallet,
  import: async () => (await import('./import.tsx')).ImportWallet,
  sign: async () => (await import('./sign.tsx')).Sign,
  'sign-in': async () => (await import('./sign-in.tsx')).SignIn,
} satisfies Partial<Record<WalletView, ViewLoader<object>>>

type LaterName = keyof typeof loaders

/** Whether the code of a view comes later. */
export const isLater = (view: WalletView): view is LaterName => Object.hasOwn(loaders, view)

export const LaterView = ({ view }: { view: LaterName }) => (
  <Later
    key={view}
    load={loaders[view]}
    of={{}}
    heading={
      <h1 tabIndex={-1} class={view === 'overview' ? 'visually-hidden' : undefined}>
        {titleOf(view)}
      </h1>
    }
    part="wallet"
  />
)
