/** Commands that ask a site: what an account holds, and sending from it. */
import { formatCoins } from '../core/base/amount.ts'
import { toHex, toHex0x } from '../core/base/bytes.ts'
import { isLoopback } from '../core/base/loopback.ts'
import { genesisHash as hashOfGenesis } from '../core/chain/genesis.ts'
import {
  type Message,
  signTransaction,
  type TransactionBody,
  transactionHash,
} from '../core/chain/transaction.ts'
import { addressOf, formatAddress, parseAddress } from '../core/crypto/address.ts'
import { nobleVerifier } from '../core/crypto/ed25519.ts'
import { signerOf } from '../core/wallet/keystore.ts'
import { type Preview, previewTransaction } from '../core/wallet/preview.ts'
import { ClientFault, exitCodes } from './exit-codes.ts'
import { openKeystoreFile } from './key-store.ts'
import { checkSite, readGenesisFile } from './known-sites.ts'
import { openLight } from './light.ts'
import { patiently } from './patience.ts'
import { createSiteClient } from './site-client.ts'
import { makeBody, type Sender, sendTransaction, slotNow, waitFinal } from './transactions.ts'
import { listWallets } from './wallet-files.ts'
import { addressesOf, chosenAccount } from './wallet-keys.ts'
import type { Sending, WalletAction } from './wallet-options.ts'
import type { WalletRun } from './wallet-run.ts'

/** What the chain proves of each account's balance; needs no password. */
export async function showBalance(run: WalletRun): Promise<void> {
  const addresses = addressesOf(run)
  const wanted = run.options.account
  const chosen = wanted === undefined ? addresses : addresses.filter((each) => each === wanted)
  if (chosen.length === 0) {
    const message = `no address ${wanted ?? ''} in ${run.path}; give --account its address`
    throw new ClientFault(exitCodes.notFound, 'ACCOUNT_UNKNOWN', message)
  }
  const { light } = await meetChain(run)
  const rows = []
  for (const text of chosen) {
    const address = parseAddress(text)
    if (!address.ok) throw new Error('a wallet shows addresses')
    const subject = { kind: 'account', address: address.value } as const
    const { fact, state } = await patiently(run.signal, () => light.check(subject))
    const account = fact.kind === 'account' ? fact.account : undefined
    const { balance, nonce } = account ?? { balance: 0n, nonce: 0n }
    rows.push({ address: text, balance, nonce, height: state.head.height })
  }
  run.print(
    rows.map(({ address, balance, nonce, height }) => ({
      address,
      balance: String(balance),
      nonce: Number(nonce),
      proved_at_height: height,
    })),
    rows.map(({ address, balance }) => `${address}\t${formatCoins(balance)} AITBC`),
  )
}

/** Sends coins: shows what is signed, asks, and waits until it is final and proved. */
export async function sendCoins(
  run: WalletRun,
  action: Extract<WalletAction, { readonly kind: 'send' }>,
): Promise<void> {
  const { to, amount } = action
  const message: Message = { TAG: 'transfer', data: { to, amount } }
  const given = { ...action, message, what: 'the payment' }
  await sendMessage(run, await openSender(run), given, {
    to: formatAddress(to),
    amount: String(amount),
  })
}

/** A sender with the light client that checks what it is told. */
export type CheckedSender = Sender & Pick<Awaited<ReturnType<typeof meetChain>>, 'light'>

/** Opens the wallet, and meets the chain. */
export async function openSender(run: WalletRun): Promise<CheckedSender> {
  const { keystore } = await openKeystoreFile(run)
  const signer = signerOf(chosenAccount(run, keystore))
  return { ...(await meetChain(run)), signer, signal: run.signal }
}

/** Shows a message, asks, sends it, and prints what became of it with `fields` of its own. */
export async function sendMessage(
  run: WalletRun,
  sender: CheckedSender,
  given: Wish,
  fields: Readonly<Record<string, unknown>>,
): Promise<void> {
  const { hash, body, height } = await carryOut(run, sender, given)
  run.print(
    {
      ok: true,
      tx_hash: toHex0x(hash),
      ...fields,
      fee: String(body.fee),
      nonce: Number(body.nonce),
      block_height: height,
      proof_verified: true,
    },
    [`${toHex0x(hash)}\tfinal in block ${height}, proved`],
  )
}

/** What is to be sent. `before`: done with its hash once it is signed, and before anybody has it. */
export type Wish = Sending & {
  readonly message: Message
  readonly what: string
  readonly before?: (hash: Uint8Array) => Promise<void>
}

/** Shows a message, asks, sends it, and waits until it is final and proved. */
export async function carryOut(run: WalletRun, sender: CheckedSender, given: Wish) {
  const { light } = sender
  const body = await makeBody(sender, given.message, given.fee)
  const preview = await showPreview(run, sender, body)
  await confirm(run, given.yes, preview)
  const bytes = signTransaction(sender.genesisHash, body, sender.signer)
  const hash = transactionHash(bytes)
  await given.before?.(hash)
  await sendTransaction(sender, bytes)
  run.say(`sent ${toHex0x(hash)}; waiting until it is final`)
  await waitFinal(sender, hash, given.what)
  const subject = { kind: 'transaction', hash } as const
  const { fact } = await patiently(run.signal, () => light.check(subject))
  return { hash, body, height: fact.block.height }
}

/** The site, with its chain checked against what is known of it. */
export async function meetSite(run: WalletRun) {
  const { api, genesisFile, acceptGenesis } = run.options
  const pinned = genesisFile === undefined ? undefined : readGenesisFile(genesisFile, run.env)
  const site = createSiteClient(api, run.signal)
  const { genesis } = await site.status()
  const trust = checkSite({
    home: run.home,
    host: api.host,
    genesis,
    pinned,
    accept: acceptGenesis,
    isLoopback: isLoopback(api.hostname),
  })
  const genesisHash = hashOfGenesis(genesis)
  if (trust === 'new' || trust === 'reset') {
    run.say(`met ${api.host} on chain ${genesis.chainId}, genesis ${toHex(genesisHash)}`)
  }
  return { site, genesis, genesisHash }
}

/** The same, with the chain followed to its newest block. */
export async function meetChain(run: WalletRun) {
  const { site, genesis, genesisHash } = await meetSite(run)
  const { home } = run
  const light = openLight({ home, genesis, site, verifier: nobleVerifier, checkpoint: undefined })
  await patiently(run.signal, () => light.follow())
  return { site, chain: site, genesis, genesisHash, light }
}

async function showPreview(
  run: WalletRun,
  sender: Sender,
  body: TransactionBody,
): Promise<Preview> {
  const address = addressOf(sender.signer.publicKey)
  const { balance, nextNonce } = await sender.chain.account(address)
  const names = new Map(
    listWallets(run.home).flatMap(({ wallet, addresses }) =>
      addresses.map((each) => [each, wallet] as const),
    ),
  )
  const preview = previewTransaction(body, {
    parameters: sender.genesis.parameters,
    slot: BigInt(slotNow(sender)),
    balance,
    nextNonce,
    names,
    coordinator: undefined,
    escrowBalance: undefined,
  })
  run.say(preview.title)
  for (const { label, value } of preview.lines) run.say(`  ${label}: ${value}`)
  if (preview.balanceAfter !== undefined) {
    run.say(`  Left afterwards: ${formatCoins(preview.balanceAfter)} AITBC`)
  }
  for (const { level, text } of preview.risks) run.say(`  ${level.toUpperCase()}: ${text}`)
  return preview
}

async function confirm(run: WalletRun, yes: boolean, { risks }: Preview): Promise<void> {
  if (risks.some(({ code }) => code === 'BALANCE_TOO_LOW')) {
    throw new ClientFault(exitCodes.conflict, 'BALANCE_TOO_LOW', 'the balance does not suffice')
  }
  if (yes) return
  if (run.ask === undefined) {
    const message = 'nobody can be asked here: call with --yes to send without asking'
    throw new ClientFault(exitCodes.usage, 'CONFIRMATION_NEEDED', message)
  }
  if (/^y(?:es)?$/i.test((await run.ask('Send it? (y/n) ')).trim())) return
  throw new ClientFault(exitCodes.generic, 'NOT_SENT', 'nothing was sent')
}
