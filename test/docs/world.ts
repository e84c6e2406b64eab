/** What the snippets of all pages share: the project's copy, free ports, one site. */
import { delimiter } from 'node:path'
import { findFreePort } from '../../scripts/setup/port.ts'
import type { StandIn } from './blocks.ts'
import { type Checkout, makeCheckout } from './checkout.ts'
import { type Running, startProgram } from './programs.ts'

export type World = {
  readonly checkout: Checkout
  /** Variables of every session. */
  readonly environment: Readonly<Record<string, string>>
  /** A text of a page with the ports that are free here. */
  localText(text: string): string
  /** The one `npm start` of all pages, up. */
  site(): Promise<Running>
  isShared(program: Running): boolean
  /** Variables that put a stand-in in the place of another vendor's program. */
  standIn(name: StandIn | undefined): Promise<Readonly<Record<string, string>>>
  end(): Promise<void>
}

/** Ports that the pages name: of the one site, and of a second one beside it. */
const shownPorts = /\b1800[01]\b/g

const startMsMax = 150_000

/** Makes the copy; everything else comes when it is asked for. */
export async function makeWorld(): Promise<World> {
  const checkout = makeCheckout()
  const port = await findFreePort()
  const secondPort = await findFreePort()
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
    // The copy came with what its start would build.
    AITBC_BUILT: '1',
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
    localText: (text) =>
      text.replace(shownPorts, (shown) => String(shown === '18000' ? port : secondPort)),
    site: () => {
      site ??= startSite()
      return site
    },
    isShared: (program) => program === shared,
    standIn: async (name) => {
      if (name === undefined) return {}
      throw new Error(`there is no stand-in for ${name} yet`)
    },
    end: async () => {
      await shared?.stop()
      checkout.remove()
    },
  }
}
