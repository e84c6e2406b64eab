/** What tests of the wallet page do again and again. */
import type { Download, Page } from 'playwright-core'
import { expect } from 'vitest'
import { toHex } from '../../core/base/bytes.ts'
import { sufficientFee } from '../../core/chain/fees.ts'
import { genesisHash, parseGenesis } from '../../core/chain/genesis.ts'
import { type Message, signTransaction, transactionHash } from '../../core/chain/transaction.ts'
import { addressOf, formatAddress } from '../../core/crypto/address.ts'
import { signerFromSeed } from '../../core/crypto/ed25519.ts'
import { signedMessageBytes } from '../../core/crypto/signed-message.ts'

export const password = 'violet harbour trumpet 81'

/** A key that nobody used before, and its address. */
export function freshKey(): { seed: string; address: string; bytes: Uint8Array } {
  const bytes = crypto.getRandomValues(new Uint8Array(32))
  const { publicKey } = signerFromSeed(bytes)
  return { seed: toHex(bytes), address: formatAddress(addressOf(publicKey)), bytes }
}

/** Chooses a password in a form that asks for a new one. */
export async function choosePassword(page: Page, label: string, typed = password): Promise<void> {
  await page.getByLabel(label, { exact: true }).fill(typed)
  await page.locator('.strength', { hasText: 'trong' }).waitFor()
  await page.getByLabel('The same again', { exact: true }).fill(typed)
}

/** Brings a raw key into a browser without a wallet; ends at the overview. */
export async function importSeed(page: Page, url: string, seed: string): Promise<void> {
  await page.goto(`${url}/wallet/import`)
  await fillSeed(page, seed)
}

/** The same, on the page that imports. */
export async function fillSeed(page: Page, seed: string): Promise<void> {
  await page.getByLabel('A raw key').check()
  await page.getByLabel('Raw key', { exact: true }).fill(seed)
  await choosePassword(page, 'New password for this browser')
  await page.getByRole('button', { name: 'Import the wallet' }).click()
  await page.locator('.account-bar').waitFor()
}

export async function unlock(page: Page, typed = password): Promise<void> {
  await page.getByLabel('Password', { exact: true }).fill(typed)
  await page.getByRole('button', { name: 'Unlock' }).click()
}

/** Goes to a view by its tab. */
export async function openTab(page: Page, name: string): Promise<void> {
  const tabs = page.getByRole('navigation', { name: 'Wallet' })
  await tabs.getByRole('link', { name, exact: true }).click()
  await page.getByRole('heading', { level: 1 }).first().waitFor()
}

/** Signs what is being reviewed and waits until it is final and checked. */
export async function signAndWait(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Sign and send' }).click()
  await page.locator('.sign-flow .verdict-verified').waitFor()
  await page.getByRole('button', { name: 'Done' }).click()
}

/** Content of a file that the page gave to save. */
export async function textOf(download: Download): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of await download.createReadStream()) chunks.push(Buffer.from(chunk))
  return Buffer.concat(chunks).toString('utf8')
}

/** A text signed by a test's key as an extension signs it for this site. */
export async function signedText(
  url: string,
  { bytes }: { readonly bytes: Uint8Array },
  text: string,
): Promise<{ signature: string; publicKey: string }> {
  const genesis = parseGenesis(await (await fetch(`${url}/rpc/genesis`)).json())
  if (!genesis.ok) throw new Error(genesis.error.message)
  const { origin } = new URL(url)
  const message = signedMessageBytes({ genesisHash: genesisHash(genesis.value), origin, text })
  if (!message.ok) throw new Error(message.error.message)
  const signer = signerFromSeed(bytes)
  return {
    signature: `0x${toHex(signer.sign(message.value))}`,
    publicKey: `0x${toHex(signer.publicKey)}`,
  }
}

/** Signs with a test's key and sends past the page, as another program would. Returns its hash. */
export async function sendPast(
  url: string,
  from: { readonly bytes: Uint8Array },
  { nonce, message }: { readonly nonce: number; readonly message: Message },
): Promise<string> {
  const genesis = parseGenesis(await (await fetch(`${url}/rpc/genesis`)).json())
  if (!genesis.ok) throw new Error(genesis.error.message)
  const { slot } = (await (await fetch(`${url}/rpc/status`)).json()) as { slot: number }
  const signer = signerFromSeed(from.bytes)
  const body = {
    version: 1,
    sender: signer.publicKey,
    nonce: BigInt(nonce),
    fee: 0n,
    validUntil: BigInt(slot + 500),
    message,
  }
  const fee = sufficientFee(genesis.value.parameters, body)
  const bytes = signTransaction(genesisHash(genesis.value), { ...body, fee }, signer)
  const response = await fetch(`${url}/rpc/transactions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ tx: toHex(bytes) }),
  })
  expect([response.status, await response.text()]).toEqual([200, expect.anything()])
  return `0x${toHex(transactionHash(bytes))}`
}
