/**
 * Anvil, the reference node for local development of Ethereum contracts: what the chain is compared with. Its
 * binary comes from npm into a folder of the benchmark's own, and is no dependency of the project.
 */
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { secp256k1 } from '@noble/curves/secp256k1.js'
import { keccak_256 } from '@noble/hashes/sha3.js'
import { toHex } from '../../core/base/bytes.ts'
import { sha256 } from '../../core/crypto/hash.ts'
import { inRoot } from '../../scripts/setup/paths.ts'
import { findFreePort, host } from '../../scripts/setup/port.ts'
import { endOf } from './child-end.ts'
import { jsonOf, openHttp } from './http-client.ts'
import { say } from './report.ts'

export type Anvil = {
  readonly url: string
  readonly pid: number
  readonly version: string
  readonly call: (method: string, params: readonly unknown[]) => Promise<unknown>
  readonly stop: () => Promise<void>
}

/** A key with ether, and its next nonce. */
export type EtherSender = {
  readonly key: Uint8Array
  readonly address: string
  nonce: number
}

const package_ = '@foundry-rs/anvil-linux-amd64'
const version = '1.7.1'
const folder = inRoot('.cache', 'bench-anvil')
const binary = join(folder, 'node_modules', package_, 'bin', 'anvil')

/** As in the figure that is to be met: blocks every two seconds, with room for 14 285 transfers. */
const blockSeconds = '2'
const gasLimit = '300000000'

/** Starts it, after installing it where need be; undefined, and a line that says why, when it cannot be. */
export async function startAnvil(connections: number): Promise<Anvil | undefined> {
  if (!installed()) return undefined
  const port = await findFreePort()
  const child = spawn(
    binary,
    [
      ...['--host', host, '--port', String(port), '--silent', '--accounts', '1'],
      ...['--block-time', blockSeconds, '--gas-limit', gasLimit],
    ],
    { stdio: 'ignore' },
  )
  const url = `http://${host}:${port}`
  const http = openHttp(url, connections)
  const call = async (method: string, params: readonly unknown[]): Promise<unknown> => {
    const answer = jsonOf(await http.post('/', rpcText(method, params)))
    if (answer['error'] !== undefined) throw new Error(JSON.stringify(answer['error']))
    return answer['result']
  }
  const ended = endOf(child)
  const stop = async (): Promise<void> => {
    http.close()
    child.kill()
    await ended
  }
  try {
    await answering(call)
    return { url, pid: child.pid as number, version, call, stop }
  } catch (error) {
    await stop()
    say(`anvil does not answer: ${String(error)}`)
    return undefined
  }
}

/** The text of a call. */
export const rpcText = (method: string, params: readonly unknown[], id = 1): string =>
  JSON.stringify({ jsonrpc: '2.0', id, method, params })

/** Makes keys and gives them ether. */
export async function makeEtherSenders(anvil: Anvil, count: number): Promise<EtherSender[]> {
  const senders = Array.from({ length: count }, (_, number) => {
    const key = sha256(Uint8Array.of(77, number >> 8, number & 255))
    const point = secp256k1.getPublicKey(key, false).subarray(1)
    return { key, address: `0x${toHex(keccak_256(point).subarray(12))}`, nonce: 0 }
  })
  for (const { address } of senders) {
    await anvil.call('anvil_setBalance', [address, `0x${(10n ** 24n).toString(16)}`])
  }
  return senders
}

/** The sender's next transfer, signed with its chain's id (EIP-155), as hex. */
export function signEtherTransfer(sender: EtherSender, to: Uint8Array): string {
  const fields = [
    wholeBytes(BigInt(sender.nonce)),
    wholeBytes(gasPrice),
    wholeBytes(21_000n),
    to,
    wholeBytes(100n),
    new Uint8Array(),
  ]
  sender.nonce += 1
  const unsigned = rlpList([...fields, wholeBytes(chainId), new Uint8Array(), new Uint8Array()])
  const signature = secp256k1.sign(keccak_256(unsigned), sender.key, {
    prehash: false,
    format: 'recovered',
  })
  const v = chainId * 2n + 35n + BigInt(signature[0] as number)
  const [r, s] = [signature.subarray(1, 33), signature.subarray(33)].map(withoutZeros)
  const signed = [...fields, wholeBytes(v), r as Uint8Array, s as Uint8Array]
  return `0x${toHex(rlpList(signed))}`
}

const chainId = 31_337n
/** Wei a unit of gas: far above what full blocks can raise the price to in the time. */
const gasPrice = 2_000_000_000_000n
const startTries = 100
const startPauseMs = 100

function installed(): boolean {
  if (existsSync(binary)) return true
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    say('anvil: there is no binary for this machine; going on without')
    return false
  }
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'package.json'), '{"private":true}\n')
  const args = ['install', '--no-audit', '--no-fund', '--loglevel=error', `${package_}@${version}`]
  const done = spawnSync('npm', args, { cwd: folder, stdio: ['ignore', 2, 2], timeout: 120_000 })
  if (done.status === 0 && existsSync(binary)) return true
  say('anvil could not be installed; going on without')
  return false
}

async function answering(call: Anvil['call']): Promise<void> {
  for (let left = startTries; ; left--) {
    try {
      await call('eth_blockNumber', [])
      return
    } catch (error) {
      if (left === 0) throw error
      await new Promise((resolve) => setTimeout(resolve, startPauseMs))
    }
  }
}

/** Recursive length prefix of a list of byte strings. */
function rlpList(items: readonly Uint8Array[]): Uint8Array {
  const body = Buffer.concat(items.map(rlpBytes))
  return Buffer.concat([rlpHead(0xc0, body.length), body])
}

function rlpBytes(bytes: Uint8Array): Uint8Array {
  if (bytes.length === 1 && (bytes[0] as number) < 0x80) return bytes
  return Buffer.concat([rlpHead(0x80, bytes.length), bytes])
}

function rlpHead(base: number, length: number): Uint8Array {
  if (length < 56) return Uint8Array.of(base + length)
  const size = wholeBytes(BigInt(length))
  return Uint8Array.of(base + 55 + size.length, ...size)
}

/** Big-endian without leading zeros; nothing at all for 0. */
function wholeBytes(value: bigint): Uint8Array {
  if (value === 0n) return new Uint8Array()
  const hex = value.toString(16)
  return Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex')
}

function withoutZeros(bytes: Uint8Array): Uint8Array {
  const from = bytes.findIndex((byte) => byte !== 0)
  return bytes.subarray(from < 0 ? bytes.length : from)
}
