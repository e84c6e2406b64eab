/**
 * What a wallet computes, as one script for any runtime: deriving, signing, checking a proof. Bundled by
 * `wallet.ts` and run inside a browser and inside workerd.
 */
import './jitless.ts'
import { readLightAnswer } from '../../core/api/light-json.ts'
import { genesisHash, parseGenesis } from '../../core/chain/genesis.ts'
import { startLight } from '../../core/chain/light.ts'
import { checkAnswer } from '../../core/chain/light-fact.ts'
import { signTransaction } from '../../core/chain/transaction.ts'
import { parseAddress } from '../../core/crypto/address.ts'
import { nobleVerifier, signerFromSeed } from '../../core/crypto/ed25519.ts'
import { deriveContainerKey } from '../../core/wallet/container.ts'

const seed = new Uint8Array(32).fill(5)

/** PBKDF2 in plain JavaScript, as hosts without a native one use it. */
export const derive = (iterations: number): number =>
  deriveContainerKey(new Uint8Array(24).fill(7), { iterations, salt: new Uint8Array(32) }).length

/** Signs a transfer of the genesis as JSON. `nonce` makes each another. */
export function sign(genesisJson: unknown, nonce: number): number {
  const genesis = parseGenesis(genesisJson)
  if (!genesis.ok) throw new Error(genesis.error.message)
  const signer = signerFromSeed(seed)
  const body = {
    version: 1,
    sender: signer.publicKey,
    nonce: BigInt(nonce),
    fee: 300n,
    validUntil: 1_000n,
    message: { TAG: 'transfer', data: { to: new Uint8Array(20), amount: 5n } },
  } as const
  return signTransaction(genesisHash(genesis.value), body, signer).length
}

/** Checks an account's proof from genesis on; what the site answered comes as JSON. Says how high it stands. */
export function check(genesisJson: unknown, answerJson: unknown, addressText: string): number {
  const genesis = parseGenesis(genesisJson)
  const address = parseAddress(addressText)
  const answer = readLightAnswer(answerJson)
  if (!genesis.ok || !address.ok || !answer.ok) throw new Error('the site answered something else')
  const started = startLight(genesis.value, genesisHash(genesis.value))
  if (!started.ok) throw new Error(started.error.message)
  const subject = { kind: 'account', address: address.value } as const
  const found = checkAnswer(started.value, answer.value, { subject, verifier: nobleVerifier })
  if (!found.ok) throw new Error(found.error.message)
  return found.value.state.head.height
}
