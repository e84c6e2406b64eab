/** `npm run signing`: keeps an authority from signing, or lets it sign again. Options: `--help`. */
import { parseArgs } from 'node:util'
import { signRequest } from '../core/api/signed-request.ts'
import { fromHex } from '../core/base/bytes.ts'
import type { Signer } from '../core/crypto/signature.ts'
import { ownKey } from './setup/own-key.ts'

const usage = `Usage: npm run signing -- show|suspend|resume [options]

An authority that meets its own signature without remembering it (a restored backup, a second copy) stops
signing by itself; /health/ready says so. It goes on by itself once the other authorities have finalized a
later block. With too few others for that, make sure that no other copy of the site runs, then resume it.
Suspend a site before its backup is restored.

  show                  whether the site signs, and why not
  suspend               sign nothing from now on
  resume                sign again, though not in a slot that has begun

  --api URL             the site (http://127.0.0.1:18000)
  --help                show this

The request is signed with AUTHORITY_KEY of the environment, else of .dev.vars.`

const { values, positionals } = readOptions()
const [command] = positionals
if (values.help) {
  console.log(usage)
} else if (command === 'show') {
  await show()
} else if (command === 'suspend' || command === 'resume') {
  await say(command)
} else {
  fail(usage)
}

async function show(): Promise<void> {
  const response = await fetch(new URL('/rpc/peers', values.api)).catch(unreachable)
  const json = (await response.json()) as { name: string; signing: boolean; fault: string | null }
  if (!response.ok) fail(`${values.api} answered ${response.status}`)
  console.log(`${json.name}: ${json.signing ? 'signs' : 'signs nothing'}`)
  if (json.fault !== null) console.log(json.fault)
}

async function say(to: 'suspend' | 'resume'): Promise<void> {
  const genesis = await fetch(new URL('/rpc/status', values.api)).catch(unreachable)
  const status = (await genesis.json()) as { genesis_hash?: string }
  const hash = fromHex(status.genesis_hash ?? '', 32)
  if (!genesis.ok || !hash.ok) fail(`${values.api} does not tell its genesis`)
  const url = new URL(`/rpc/admin/${to}Signing`, values.api)
  const headers = signRequest(hash.value, authority(), {
    host: url.host,
    method: 'POST',
    target: url.pathname,
    body: new Uint8Array(),
    timestampMs: Date.now(),
  })
  const response = await fetch(url, { method: 'POST', headers }).catch(unreachable)
  const json = (await response.json()) as { signing?: boolean; detail?: string }
  if (!response.ok) fail(`${values.api} refused: ${json.detail ?? response.status}`)
  console.log(json.signing ? 'The site signs.' : 'The site signs nothing.')
}

function authority(): Signer {
  const key = ownKey('AUTHORITY_KEY')
  return key.ok ? key.value : fail(key.error.message)
}

function readOptions() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        api: { type: 'string', default: 'http://127.0.0.1:18000' },
        help: { type: 'boolean', default: false },
      },
    })
  } catch (error) {
    return fail(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`)
  }
}

function unreachable(error: unknown): never {
  fail(`${values.api} cannot be reached: ${error instanceof Error ? error.message : String(error)}`)
}

function fail(message: string): never {
  console.error(message)
  process.exit(2)
}
