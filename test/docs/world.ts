/** What the snippets of all pages share: the project's copy, free ports, one site. */
import { delimiter } from 'node:path'
import { findFreePort } from '../../scripts/setup/port.ts'
import type { StandIn } from './blocks.ts'
import { type Checkout, makeCheckout } from './checkout.ts'
import { type Running, startProgram } from './programs.ts'
import { makeStandIns, type StandInPlace } from './stand-ins.ts'

export type World = {
  readonly checkout: Checkout
  /** Variables of every session. */
  readonly environment: Readonly<Record<string, string>>
  /** A text of a page with the ports that are free here. */
  localText(text: string): string
  /** The one `npm start` of all pages, up. */
  site(): Promise<Running>
  isShared(program: Running): boolean
  /** Puts a stand-in in the place of another vendor's program. */
  standIn(name: StandIn): Promise<StandInPlace>
  /** What was asked of Cloudflare that its stand-in does not know. */
  unknownRequests(): readonly string[]
  end(): Promise<void>
}

/** Ports that the pages name: of the one site, of a second one, of Ollama, of an agent's figures. */
const shownPorts = ['18000', '18001', '11434', '9464'] as const
const anyShownPort = new RegExp(`\\b(?:${shownPorts.join('|')})\\b`, 'g')

const startMsMax = 150_000

/** Makes the copy; everything else comes when it is asked for. */
export async function makeWorld(): Promise<World> {
  const checkout = makeCheckout()
  const ports = new Map<string, number>()
  for (const shown of shownPorts) ports.set(shown, await findFreePort())
  const standIns = makeStandIns(checkout)
  const environment = {
    // Without the project's own programs: a visitor has them in no PATH.
    PATH: (process.env['PATH'] ?? '')
      .split(delimiter)
      .filter((folder) => !folder.includes('node_modules'))
      .join(delimiter),
    LANG: 'C.UTF-8',
    TMPDIR: checkout.folder('tmp'),
    PORT: String(ports.get('18000')),
    // npm would ask its registry whether it is the newest.
    npm_config_update_notifier: 'false',
    OLLAMA_HOST: `127.0.0.1:${ports.get('11434')}`,
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
    localText: (text) => text.replace(anyShownPort, (shown) => String(ports.get(shown))),
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
