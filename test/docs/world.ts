/** What the snippets of all pages share: the project's copy, free ports, one site. */
import { delimiter } from 'node:path'
import { findFreePort } from '../../scripts/setup/port.ts'
import type { StandIn } from './blocks.ts'
import { type Checkout, makeCheckout } from './checkout.ts'
import { type Running, startProgram } from './programs.ts'
import { makeStandIns, type StandInPlace } from './stand-ins.ts'

/** What stands for the ports that the pages name. */
export type Ports = {
  /** Variables that tell programs of them. */
  readonly variables: Readonly<Record<string, string>>
  /** A text of the page with ports that are free here. */
  localText(text: string): string
}

export type World = {
  readonly checkout: Checkout
  /** Variables of every session. */
  readonly environment: Readonly<Record<string, string>>
  /** Free ports for one page; that of the one site is the same for all. */
  freePorts(): Promise<Ports>
  /** The one `npm start` of all pages, up. */
  site(): Promise<Running>
  isShared(program: Running): boolean
  /** Puts a stand-in in the place of another vendor's program. */
  standIn(name: StandIn): Promise<StandInPlace>
  /** What was asked of Cloudflare that its stand-in does not know. */
  unknownRequests(): readonly string[]
  end(): Promise<void>
}

/** Ports that the pages name: of the one site, of two further ones, of Ollama, of an agent's figures. */
const sitePort = '18000'
const ollamaPort = '11434'
const shownPorts = [sitePort, '18001', '18002', ollamaPort, '9464'] as const
const anyShownPort = new RegExp(`\\b(?:${shownPorts.join('|')})\\b`, 'g')

const startMsMax = 150_000

/** Makes the copy; everything else comes when it is asked for. */
export async function makeWorld(): Promise<World> {
  const checkout = makeCheckout()
  const port = await findFreePort()
  const standIns = makeStandIns(checkout)
  const environment = {
    // Without the project's own programs: a visitor has them in no PATH.
    PATH: (process.env['PATH'] ?? '')
      .split(delimiter)
      .filter((folder) => !folder.includes('node_modules'))
      .join(delimiter),
    LANG: 'C.UTF-8',
    TMPDIR: checkout.folder('tmp'),
    PORT: String(port),
    // npm would ask its registry whether it is the newest.
    npm_config_update_notifier: 'false',
  }
  let site: Promise<Running> | undefined
  let shared: Running | undefined

  const startSite = async (): Promise<Running> => {
    const env = { ...environment, HOME: checkout.folder('home-site') }
    shared = startProgram('npm', ['start'], { cwd: checkout.path, env })
    const isUp = (output: string) => (/^ready http/m.test(output) ? true : undefined)
    if (await shared.until(isUp, startMsMax)) return shared
    throw new Error(`npm start never was ready:\n${shared.output()}`)
  }

  return {
    checkout,
    environment,
    freePorts: () => freePorts(port),
    site: () => {
      site ??= startSite()
      return site
    },
    isShared: (program) => program === shared,
    standIn: standIns.place,
    unknownRequests: standIns.unknownRequests,
    end: async () => {
      await standIns.end()
      await shared?.stop()
      checkout.remove()
    },
  }
}

async function freePorts(port: number): Promise<Ports> {
  const ports = new Map([[sitePort as string, port]])
  for (const shown of shownPorts) {
    if (shown !== sitePort) ports.set(shown, await findFreePort())
  }
  return {
    variables: { OLLAMA_HOST: `127.0.0.1:${ports.get(ollamaPort)}` },
    localText: (text) => text.replace(anyShownPort, (shown) => String(ports.get(shown))),
  }
}
