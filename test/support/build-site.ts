/** Runs once before the tests of whole sites: builds what they start. */
import { buildSite } from '../../scripts/setup/build.ts'

export async function setup(): Promise<void> {
  await buildSite()
}
