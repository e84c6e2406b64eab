/** Where a site on Cloudflare Pages is to be, and where an upload went, in the words of an operator. */
import { DeploymentFault } from './deployment.ts'

/** A hostname in a zone of the account, and the Pages project behind it. */
export type Place = { readonly hostname: string; readonly zone: string; readonly project: string }

const hostnamePattern = /^(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}$/
const projectPattern = /^[a-z0-9](?:[a-z0-9-]{0,56}[a-z0-9])?$/

/** Checks what was asked for; throws a `DeploymentFault` that says what is wrong. */
export function readPlace(asked: Partial<Place> & { readonly workerName: string }): Place {
  const { hostname, zone, project = asked.workerName } = asked
  if (hostname === undefined || zone === undefined) {
    throw new DeploymentFault('--hostname and --zone are needed; --help says more.')
  }
  for (const name of [hostname, zone]) {
    if (!hostnamePattern.test(name)) {
      throw new DeploymentFault(`"${name}" is not a hostname in lower case, such as example.org.`)
    }
  }
  if (hostname !== zone && !hostname.endsWith(`.${zone}`)) {
    throw new DeploymentFault(`The hostname ${hostname} is not in the zone ${zone}.`)
  }
  if (!projectPattern.test(project)) {
    throw new DeploymentFault(`"${project}" is no name for a Pages project: a-z, 0-9 and - only.`)
  }
  return { hostname, zone, project }
}

/**
 * Makes sure that an upload went to production. Pages takes any branch, and what is not the production
 * branch of the project goes to a preview that the hostname never shows.
 *
 * @param report What wrangler wrote about the upload: one JSON object a line.
 */
export function refusePreview(report: string, project: string, branch: string): void {
  const [uploaded] = report
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as { environment?: string; production_branch?: string })
    .filter(({ environment }) => environment !== undefined)
  if (uploaded === undefined) {
    throw new DeploymentFault('wrangler uploaded the pages, and does not report where they went.')
  }
  if (uploaded.environment === 'production') return
  throw new DeploymentFault(
    `The pages went to a preview, as the production branch of "${project}" is not ${branch}. ` +
      `Repeat with --branch ${uploaded.production_branch}.`,
  )
}
