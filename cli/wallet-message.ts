/** Commands about messages: sign one, and check one that somebody signed. */
import * as z from 'zod'
import { fromHex, toHex } from '../core/base/bytes.ts'
import { genesisHash as hashOfGenesis } from '../core/chain/genesis.ts'
import { addressOf, formatAddress } from '../core/crypto/address.ts'
import { nobleVerifier } from '../core/crypto/ed25519.ts'
import { commandLineOrigin, signedMessageBytes } from '../core/crypto/signed-message.ts'
import { signerOf } from '../core/wallet/keystore.ts'
import { visibleText } from '../core/wallet/visible-text.ts'
import { ClientFault, exitCodes } from './exit-codes.ts'
import { openKeystoreFile } from './key-store.ts'
import { readGenesisFile } from './known-sites.ts'
import { meetChain } from './wallet-chain.ts'
import { chosenAccount } from './wallet-keys.ts'
import { readGiven, readInput, type WalletRun } from './wallet-run.ts'

const bytesOf = (length: number) =>
  z.string().transform((text, context) => {
    const bytes = fromHex(text, length)
    if (bytes.ok) return bytes.value
    context.addIssue({ code: 'custom', message: bytes.error.message })
    return z.NEVER
  })

/** A signed message as it travels: what `sign` prints and `verify` reads. */
const signedSchema = z.object({
  address: z.string(),
  public_key: bytesOf(32),
  genesis_hash: bytesOf(32),
  origin: z.string(),
  text: z.string(),
  signature: bytesOf(64),
})

/** Signs text for the chain of the site, or of `--genesis`. */
export async function signMessage(run: WalletRun, given: string | undefined): Promise<void> {
  const text = given ?? readInput().replace(/\r?\n$/, '')
  const { genesisFile } = run.options
  const genesisHash =
    genesisFile === undefined
      ? (await meetChain(run)).genesisHash
      : hashOfGenesis(readGenesisFile(genesisFile, run.env))
  const origin = commandLineOrigin
  const bytes = signedMessageBytes({ genesisHash, origin, text })
  if (!bytes.ok) throw new ClientFault(exitCodes.usage, bytes.error.code, bytes.error.message)
  const { keystore } = await openKeystoreFile(run)
  const account = chosenAccount(run, keystore)
  const signed = {
    address: account.address,
    public_key: toHex(account.publicKey),
    genesis_hash: toHex(genesisHash),
    origin,
    text,
    signature: toHex(signerOf(account).sign(bytes.value)),
  }
  run.print(signed, [JSON.stringify(signed, undefined, 2)])
}

/** Checks a signed message; needs no site and no password. */
export function verifyMessage(run: WalletRun, file: string | undefined): void {
  const given = file === undefined ? readInput() : readGiven(run, file)
  const signed = signedSchema.safeParse(parsed(given))
  if (!signed.success) throw refuse('it is no signed message')
  const { address, public_key: publicKey, genesis_hash: genesisHash } = signed.data
  const { origin, text, signature } = signed.data
  if (formatAddress(addressOf(publicKey)) !== address) {
    throw refuse('its address does not belong to its public key')
  }
  const bytes = signedMessageBytes({ genesisHash, origin, text })
  if (!bytes.ok) throw refuse(bytes.error.message)
  if (!nobleVerifier.verify({ signature, message: bytes.value, publicKey })) {
    throw refuse('the signature does not fit')
  }
  const chain = toHex(genesisHash)
  run.print({ ok: true, address, genesis_hash: chain, origin, text }, [
    `signed by ${address} for ${visibleText(origin)} on chain ${chain}:`,
    visibleText(text),
  ])
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function refuse(message: string): ClientFault {
  return new ClientFault(exitCodes.generic, 'NOT_VERIFIED', `not verified: ${message}`)
}
