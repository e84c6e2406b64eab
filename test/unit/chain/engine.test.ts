import { expect, test } from 'vitest'
import { verifyProof } from '../../../core/chain/proof.ts'
import { transactionHash } from '../../../core/chain/transaction.ts'
import {
  alice,
  authority,
  bob,
  carol,
  genesis,
  mustOpen,
  nodeVerifier,
  sign,
  timeOf,
  transfer,
} from '../../support/chain-world.ts'
import { createMemoryChainStore } from '../../support/memory-chain-store.ts'

test('ENGINE-1: a transfer is pooled, put in a block of the current slot, final and proved', () => {
  const store = createMemoryChainStore()
  const engine = mustOpen({ store })
  const bytes = sign({ by: alice, message: transfer(carol.address, 5n) })
  expect(engine.submit([bytes], timeOf(3))).toMatchObject([{ ok: true, known: false }])
  expect(engine.dueAtMs(timeOf(3))).toBe(timeOf(3))
  const step = engine.tick(timeOf(3) + 7)
  expect(step.finalized).toEqual({ from: 1, to: 1 })
  expect(step.dueAtMs).toBe(timeOf(33))
  expect(engine.account(carol.address)).toMatchObject({ balance: 5n, finalBalance: 5n })
  expect(engine.account(alice.address).nonce).toBe(1n)
  const subject = { kind: 'transaction', hash: transactionHash(bytes) } as const
  const proof = engine.proof(subject)
  if (!('header' in proof)) throw new Error(proof.message)
  expect(verifyProof({ genesis, proof, subject, verifier: nodeVerifier })).toMatchObject({
    ok: true,
  })
  expect(engine.audit().balances).toBe(11_500_000_000n)
  const other = createMemoryChainStore()
  const follower = mustOpen({ store: other, signer: undefined })
  for (const out of step.send) {
    if (out.kind === 'block')
      expect(
        follower.importBlock(
          {
            bytes: out.bytes,
            certificate:
              step.send[1]?.kind === 'certificate' ? step.send[1].certificate : undefined,
          },
          timeOf(3),
        ),
      ).toMatchObject({ ok: true })
  }
  expect(follower.status(timeOf(3))).toMatchObject({ head: { height: 1, finalHeight: 1 } })
  void [authority, bob]
})
