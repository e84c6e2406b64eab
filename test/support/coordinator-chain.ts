/** A chain for the coordinator in virtual time: one authority, a real engine, and a switch to turn it off. */
import { vi } from 'vitest'
import type { ChainService } from '../../core/api/chain-service.ts'
import { type Genesis, slotMs } from '../../core/chain/genesis.ts'
import { escrowIdOf, type Message, transactionHash } from '../../core/chain/transaction.ts'
import { authority, createGenesis, mustOpen, type Person, person, sign } from './chain-world.ts'
import { createMemoryChainStore } from './memory-chain-store.ts'

export const worldCoordinator = person('world coordinator')

export type CoordinatorChain = ReturnType<typeof createCoordinatorChain>

/** Starts it; it makes blocks as virtual time passes. */
export function createCoordinatorChain(parameters: Partial<Genesis['parameters']> = {}) {
  const genesis = genesisOf(parameters)
  const engine = mustOpen({ store: createMemoryChainStore(), genesis, signer: authority })
  let isDown = false
  /** By how much the clock of whoever asks is ahead of the chain's own. */
  let aheadMs = 0
  const now = () => Date.now() - aheadMs
  setInterval(() => void engine.tick(now()), 250)

  const slot = () => Math.floor((now() - Number(genesis.genesisTimeMs)) / slotMs)

  const call = async <T>(answer: () => T): Promise<T> => {
    await Promise.resolve()
    if (isDown) throw new Error('the chain is down')
    return answer()
  }
  const unused = () => Promise.reject(new Error('not used by the coordinator'))
  const service: ChainService = {
    submit: (transactions) => call(() => engine.submit(transactions, now())),
    head: () => call(() => engine.head()),
    account: (address) => call(() => engine.account(address)),
    finalEscrow: (id) => call(() => engine.finalEscrow(id)),
    finalBooking: (id) => call(() => engine.finalBooking(id)),
    finalBond: (owner) => call(() => engine.finalBond(owner)),
    finalClaimable: (name) => call(() => engine.finalClaimable(name)),
    transaction: (of) => call(() => engine.transaction(of)),
    faucet: (to, amount) =>
      call(() => {
        const { nextNonce } = engine.account(authority.address)
        const message: Message = { TAG: 'faucet', data: { to, amount } }
        const validUntil = BigInt(slot() + 100)
        const bytes = sign({ by: authority, message, of: genesis, nonce: nextNonce, validUntil })
        const [verdict] = engine.submit([bytes], now())
        if (!verdict) throw new Error('one transaction has one verdict')
        return verdict
      }),
    status: unused,
    proof: unused,
  }

  /** Sends a message to the chain and waits until it is final. */
  const transact = async (by: Person, message: Message): Promise<Uint8Array> => {
    const { nextNonce } = engine.account(by.address)
    const validUntil = BigInt(slot() + 100)
    const body = { by, message, of: genesis, nonce: nextNonce, validUntil }
    const bytes = sign(body)
    const [verdict] = engine.submit([bytes], now())
    if (!verdict?.ok) throw new Error(`refused: ${verdict?.error.code}`)
    for (let tries = 0; engine.transaction(verdict.hash)?.final !== true; tries += 1) {
      if (tries > 100) throw new Error('the chain makes no blocks')
      await vi.advanceTimersByTimeAsync(100)
    }
    return transactionHash(bytes)
  }

  const openEscrow = async (by: Person, amount: bigint): Promise<Uint8Array> => {
    const expiry = BigInt(slot() + 20_000)
    const data = { coordinator: worldCoordinator.publicKey, amount, expiry, delegate: undefined }
    return escrowIdOf(await transact(by, { TAG: 'escrow_open', data }))
  }

  return {
    genesis,
    engine,
    service,
    slot,
    transact,
    openEscrow,
    setDown: (down: boolean) => {
      isDown = down
    },
    /** The clock of everybody else was set; that of the chain was not. */
    keepTime: (ms: number) => {
      aheadMs += ms
    },
  }
}

function genesisOf(parameters: Partial<Genesis['parameters']>): Genesis {
  const base = createGenesis()
  const genesisTimeMs = Math.floor(Date.now() / slotMs) * slotMs
  return {
    ...base,
    genesisTimeMs: BigInt(genesisTimeMs),
    parameters: {
      ...base.parameters,
      closeNoticeSlots: 1_800n,
      authorisationLifeSlots: 600n,
      faucetMax: 1_000_000_000n,
      ...parameters,
    },
    faucets: [authority.address],
    accounts: [
      { address: person('alice').address, balance: 20_000_000_000n },
      { address: authority.address, balance: 500_000_000_000n },
      { address: worldCoordinator.address, balance: 10_000_000_000n },
    ].sort((a, b) => Buffer.compare(a.address, b.address)),
  }
}
