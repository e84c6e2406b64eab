/** The Worker's own verifier on the runtime that the Worker runs on, behind one request for many checks. */
import { build } from 'esbuild'
import { convertV4MiniflareOptions, Log, LogLevel, Miniflare } from 'miniflare'
import { unstable_readConfig } from 'wrangler'
import { toHex } from '../../../core/base/bytes.ts'
import { inRoot } from '../../../scripts/setup/paths.ts'
import type { Signed } from '../../support/signature-cases.ts'

/** What the runtime says: behind the wrapper, and of the bare equation that the wrapper guards. */
export type Verdict = { readonly strict: boolean; readonly bare: boolean | 'throws' }

const entry = `
import { createPublicKey, verify } from 'node:crypto'
import { spkiOf } from './core/crypto/ed25519.ts'
import { createNativeVerifier } from './durable-objects/native-ed25519.ts'

const bytes = (hex) => Uint8Array.from(Buffer.from(hex, 'hex'))
const bare = ({ signature, message, publicKey }) => {
  try {
    const key = createPublicKey({ key: Buffer.from(spkiOf(publicKey)), format: 'der', type: 'spki' })
    return verify(null, message, key, signature)
  } catch {
    return 'throws'
  }
}

export default {
  async fetch(request) {
    const verifier = createNativeVerifier()
    const inputs = (await request.json()).map((fields) => ({
      signature: bytes(fields.signature),
      message: bytes(fields.message),
      publicKey: bytes(fields.publicKey),
    }))
    const verdictOf = (input) => ({ strict: verifier.verify(input), bare: bare(input) })
    return Response.json(inputs.map(verdictOf))
  },
}`

/** Starts the runtime, under the date and flags that the site is deployed with. */
export async function startVerifier() {
  const config = unstable_readConfig({ config: inRoot('wrangler.toml') }, { hideWarnings: true })
  const { compatibility_date: compatibilityDate, compatibility_flags: compatibilityFlags } = config
  if (compatibilityDate === undefined) throw new Error('wrangler.toml names no date')
  const { outputFiles } = await build({
    stdin: { contents: entry, resolveDir: inRoot() },
    bundle: true,
    format: 'esm',
    write: false,
    external: ['node:*'],
  })
  const contents = outputFiles[0]?.text ?? ''
  const worker = {
    name: 'verifier',
    modules: [{ type: 'ESModule' as const, path: 'verifier.js', contents }],
    compatibilityDate,
    compatibilityFlags,
  }
  const miniflare = new Miniflare({
    ...convertV4MiniflareOptions({ workers: [worker] }),
    cf: false,
    log: new Log(LogLevel.NONE),
    logRequests: false,
    telemetry: { enabled: false },
    unsafeLocalExplorer: false,
  })
  await miniflare.ready
  return {
    async verdicts(inputs: readonly Signed[]): Promise<Verdict[]> {
      const body = inputs.map(({ signature, message, publicKey }) => ({
        signature: toHex(signature),
        message: toHex(message),
        publicKey: toHex(publicKey),
      }))
      const response = await miniflare.dispatchFetch('http://verifier/', {
        method: 'POST',
        body: JSON.stringify(body),
      })
      if (!response.ok) throw new Error(await response.text())
      return (await response.json()) as Verdict[]
    },
    stop: () => miniflare.dispose(),
  }
}
