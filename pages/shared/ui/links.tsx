/** Links to what the chain holds, each in its usual short form. */
import { explorerPath } from '../addresses.ts'
import { Hash } from './hash.tsx'

export const heightLink = (height: number) => (
  <a class="mono" href={explorerPath.block(height)}>
    {height.toLocaleString('en')}
  </a>
)

export const addressLink = (address: string, what = 'address') => (
  <Hash value={address} what={what} href={explorerPath.address(address)} />
)

export const transactionLink = (hash: string) => (
  <Hash value={hash} what="transaction hash" href={explorerPath.transaction(hash)} />
)

/** An address in full, for pages that are about one thing. */
export const wholeAddress = (address: string, what: string) => (
  <Hash value={address} what={what} href={explorerPath.address(address)} whole />
)

/** A miner by the address that is paid. */
export const minerLink = (address: string) => (
  <Hash value={address} what="miner address" href={explorerPath.miner(address)} />
)

export const jobLink = (hash: string) => (
  <Hash value={hash} what="job hash" href={explorerPath.job(hash)} />
)

export const receiptLink = (hash: string) => (
  <Hash value={hash} what="receipt hash" href={explorerPath.receipt(hash)} />
)

export const escrowLink = (id: string) => (
  <Hash value={id} what="escrow id" href={explorerPath.escrow(id)} />
)
