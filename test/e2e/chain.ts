/** Makes something happen on a test site's chain. */
import { formatAddress } from '../../core/crypto/address.ts'

/** A valid address that no key owns; each number gives another. */
export const addressOfTest = (number: number): string =>
  formatAddress(new Uint8Array(20).fill(number + 1))

export const unusedAddress = addressOfTest(0)

/** Has the faucet pay this address and waits until the transaction is final. */
export async function giftOf(
  url: string,
  address = unusedAddress,
): Promise<{ hash: string; height: number }> {
  const response = await fetch(`${url}/rpc/admin/mintFaucet`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ address, amount: 100_000_000 }),
  })
  const answer = (await response.json()) as { tx_hash?: string }
  if (!response.ok || answer.tx_hash === undefined) {
    throw new Error(`the faucet refused: ${JSON.stringify(answer)}`)
  }
  for (;;) {
    const found = await fetch(`${url}/rpc/tx/${answer.tx_hash}`)
    const { status, block_height: height } = (await found.json()) as {
      status?: string
      block_height?: number | null
    }
    if (status === 'final' && typeof height === 'number') return { hash: answer.tx_hash, height }
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
}
