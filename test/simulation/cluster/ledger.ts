/**
 * The books of a cluster, kept a second time from the bytes of its final blocks, by plain arithmetic that
 * shares nothing with the execution: nonces without gaps, amounts moved once, fees to the proposer.
 */
import { fromHex, toHex } from '../../../core/base/bytes.ts'
import type { Engine } from '../../../core/chain/engine-api.ts'
import type { Genesis } from '../../../core/chain/genesis.ts'
import { bookingIdOf, transactionCoder, transactionHash } from '../../../core/chain/transaction.ts'
import { addressOf } from '../../../core/crypto/address.ts'

type Line = { readonly address: Uint8Array; balance: bigint; nonce: bigint }

type Booked = {
  readonly buyer: Line
  readonly provider: Uint8Array
  readonly coordinator: Uint8Array
  readonly price: bigint
  readonly from: bigint
  readonly slots: bigint
}

/** Books that begin with genesis. Transfers, bookings and bonds are known. */
export function createLedger(genesis: Genesis) {
  const lines = new Map<string, Line>()
  const bookings = new Map<string, Booked>()
  const bonds = new Map<string, bigint>()
  const lineOf = (address: Uint8Array): Line => {
    const known = lines.get(toHex(address))
    if (known) return known
    const fresh = { address, balance: 0n, nonce: 0n }
    lines.set(toHex(address), fresh)
    return fresh
  }
  for (const { address, balance } of genesis.accounts) lineOf(address).balance = balance
  const pay = ({ buyer, price, from, slots, ...to }: Booked, slot: bigint): void => {
    const passed = slot - from < slots ? slot - from : slots
    const share = (price * passed * BigInt(genesis.parameters.coordinatorShareBps)) / 10_000n
    lineOf(to.provider).balance += price * passed - share
    lineOf(addressOf(to.coordinator)).balance += share
    buyer.balance += price * (slots - passed)
  }

  return {
    /** Enters the transactions of the next final block; says what cannot be. */
    enter(proposer: Uint8Array, transactions: readonly Uint8Array[], slot: bigint): string[] {
      const wrong: string[] = []
      for (const bytes of transactions) {
        const { nonce, fee, sender, message } = transactionCoder.decode(bytes).body
        const from = lineOf(addressOf(sender))
        if (nonce !== from.nonce) wrong.push(`nonce ${nonce} is final where ${from.nonce} was due`)
        from.nonce += 1n
        from.balance -= fee
        lineOf(addressOf(proposer)).balance += fee
        if (message.TAG === 'transfer') {
          const { to, amount } = message.data
          from.balance -= amount
          lineOf(to).balance += amount
        } else if (message.TAG === 'bond') {
          const { amount } = message.data
          from.balance -= amount
          bonds.set(toHex(from.address), (bonds.get(toHex(from.address)) ?? 0n) + amount)
        } else if (message.TAG === 'booking_open') {
          const { price, slots, provider, coordinator } = message.data
          from.balance -= price * slots
          const id = toHex(bookingIdOf(transactionHash(bytes)))
          bookings.set(id, { buyer: from, provider, coordinator, price, from: slot, slots })
        } else if (message.TAG === 'booking_close') {
          // Who closes one that is gone, or never came, pays for nothing but the attempt.
          const id = toHex(message.data.booking)
          const booked = bookings.get(id)
          if (booked) pay(booked, slot)
          bookings.delete(id)
        } else {
          throw new Error(`the books know no ${message.TAG}`)
        }
        if (from.balance < 0n) wrong.push('more is spent than there is')
      }
      return wrong
    },
    /** How many bookings and bonds there are: a run without any says nothing about them. */
    sizes: () => [bookings.size, bonds.size],
    /** Compares with what a site whose head is final says of everybody. */
    compare(engine: Engine): string[] {
      const held = [...bookings].flatMap(([id, { price, slots }]) => {
        const said = engine.finalBooking(fromName(id))?.balance
        return said === price * slots ? [] : [`${said} in a booking instead of ${price * slots}`]
      })
      const staked = [...bonds].flatMap(([owner, amount]) => {
        const said = engine.finalBond(fromName(owner))?.amount
        return said === amount ? [] : [`${said} in a bond instead of ${amount}`]
      })
      const accounts = [...lines.values()].flatMap(({ address, balance, nonce }) => {
        const said = engine.account(address)
        const isSame = said.balance === balance && said.nonce === nonce
        return isSame
          ? []
          : [`${said.balance} and nonce ${said.nonce} instead of ${balance} and ${nonce}`]
      })
      return [...accounts, ...held, ...staked]
    },
  }
}

function fromName(name: string): Uint8Array {
  const read = fromHex(name)
  if (!read.ok) throw new Error('a name is hex')
  return read.value
}
