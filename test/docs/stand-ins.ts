/** Puts stand-ins of other vendors' programs first on PATH, for the blocks that ask for them. */
import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { binary, inRoot } from '../../scripts/setup/paths.ts'
import { type CloudflareApi, startCloudflareApi } from '../support/cloudflare-api.ts'
import type { StandIn } from './blocks.ts'
import type { Checkout } from './checkout.ts'

/** `folder`: to be the first on PATH, if any. */
export type StandInPlace = {
  readonly folder: string | undefined
  readonly variables: Readonly<Record<string, string>>
}

export type StandIns = {
  place(name: StandIn): Promise<StandInPlace>
  /** What was asked of Cloudflare that its stand-in does not know. */
  unknownRequests(): readonly string[]
  end(): Promise<void>
}

/** Programs on PATH by the stand-in that brings them: source file and its first arguments. */
const programs = {
  ollama: { ollama: ['ollama.ts'], 'nvidia-smi': ['nvidia-smi.ts'] },
  systemd: {
    sudo: ['systemd.ts', 'sudo'],
    systemctl: ['systemd.ts', 'systemctl'],
    journalctl: ['systemd.ts', 'journalctl'],
    useradd: ['systemd.ts', 'useradd'],
  },
} as const

/** What every system has. */
const systemFolders = ['etc/systemd/system', 'opt', 'usr/local/bin', 'var/lib']

/** Nothing is started before it is asked for. */
export function makeStandIns(checkout: Checkout): StandIns {
  let cloudflare: Promise<CloudflareApi> | undefined
  let api: CloudflareApi | undefined
  return {
    place: async (name) => {
      if (name === 'cloudflare') {
        cloudflare ??= startCloudflareApi()
        api = await cloudflare
        return { folder: undefined, variables: api.env }
      }
      const folder = checkout.folder(`bin-${name}`)
      for (const [program, [file, ...args]] of Object.entries(programs[name])) {
        writeProgram(join(folder, program), [inRoot('test/support/stand-ins', file), ...args])
      }
      for (const path of systemFolders) checkout.folder(join('system', path))
      return { folder, variables: { AITBC_STAND_IN_ROOT: checkout.folder('system') } }
    },
    unknownRequests: () => api?.unknown ?? [],
    end: async () => {
      await api?.[Symbol.asyncDispose]()
    },
  }
}

function writeProgram(path: string, command: readonly string[]): void {
  // The pinned Node reads TypeScript as it is.
  const words = [binary('node'), ...command].map((word) => `'${word}'`).join(' ')
  writeFileSync(path, `#!/bin/sh\nexec ${words} "$@"\n`)
  chmodSync(path, 0o755)
}
