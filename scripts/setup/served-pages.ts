/**
 * The copy of the pages that one running site serves. A build replaces `pages/dist` whole, under other
 * names; a site that read from there would hand out pages whose scripts it cannot find.
 */
import { constants, cpSync, rmSync } from 'node:fs'
import { join } from 'node:path'

/** Copies the built pages beside a site's state, in place of those of an earlier start. */
export function copyPages(built: string, statePath: string): string {
  const served = join(statePath, 'pages')
  rmSync(served, { recursive: true, force: true })
  cpSync(built, served, { recursive: true, mode: constants.COPYFILE_FICLONE })
  return served
}
