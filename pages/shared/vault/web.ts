/** Ports of the vault that every host with web APIs shares. */
import type { VaultPorts } from './ports.ts'

/** PBKDF2 by WebCrypto: native, and off this thread. */
export const deriveByWebCrypto: VaultPorts['deriveKey'] = async (input) => {
  const { password, salt, iterations } = input
  const key = await crypto.subtle.importKey('raw', bufferOf(password), 'PBKDF2', false, [
    'deriveBits',
  ])
  const bits = await crypto.subtle.deriveBits(
    { name: 'PBKDF2', hash: 'SHA-256', salt: bufferOf(salt), iterations },
    key,
    256,
  )
  return new Uint8Array(bits)
}

/** Timers stand still while a machine sleeps, so a long wait is made of short ones. */
const napMsMax = 30_000

export const wakeByTimer: VaultPorts['wakeAt'] = (atMs, wake) => {
  let timer: ReturnType<typeof setTimeout>
  const nap = () => {
    const leftMs = atMs - Date.now()
    if (leftMs <= 0) return wake()
    timer = setTimeout(nap, Math.min(leftMs, napMsMax))
  }
  nap()
  return () => clearTimeout(timer)
}

const bufferOf = (bytes: Uint8Array): ArrayBuffer => Uint8Array.from(bytes).buffer
