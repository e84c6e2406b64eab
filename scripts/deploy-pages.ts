/**
 * `npm run deploy:pages`: the same site in the shape "Cloudflare Pages for the static part, the Worker on
 * the addresses of programs", on one hostname of a zone of yours. `npm run deploy` is the simpler shape:
 * one Worker for everything, which this one includes (it still has the pages, under its workers.dev
 * address). Both come from the one route table, workers/gateway/routes.ts.
 */
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { relative, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { buildSite } from './setup/build.ts'
import {
  ask,
  DeploymentFault,
  deployWorker,
  listIn,
  main,
  printNeeds,
  readDeployment,
  refuseUnlessReady,
  rehearseWorker,
  step,
} from './setup/deployment.ts'
import { type Place, readPlace, refusePreview } from './setup/pages-place.ts'
import { layOutPagesProject, type PagesProject } from './setup/pages-project.ts'
import { callerPath, inRoot, root } from './setup/paths.ts'

const help = `npm run deploy:pages -- --hostname NAME --zone NAME [options]

  --hostname NAME   where the site will be, such as edge.example.org
  --zone NAME       the zone of your Cloudflare account with that hostname, such as example.org
  --project NAME    the Pages project, made when there is none; default: the name of the Worker
  --branch NAME     the production branch of the Pages project; default: main
  --config FILE     the wrangler configuration of the Worker; default: wrangler.toml
  --dry-run         build and check all of it without an account, and say what would be done

It needs what npm run deploy needs: the D1 database and the secrets of the Worker, which it names
when they are missing. Then it
  1. builds the pages and lays them out in dist/pages-project/site, with _headers and _redirects
  2. applies the D1 migrations and uploads the Worker, with routes for every address that is not a file
  3. creates the Pages project when there is none, and uploads the pages
  4. says which step is left: the hostname itself, which is yours to point at Pages, once

It can be repeated, also after it was interrupted.`

const folder = inRoot('dist', 'pages-project')
const reportPath = inRoot('dist', 'pages-project.ndjson')

const options = {
  hostname: { type: 'string' },
  zone: { type: 'string' },
  project: { type: 'string' },
  branch: { type: 'string', default: 'main' },
  config: { type: 'string' },
  'dry-run': { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
} as const

await main(deployPages)

async function deployPages(): Promise<void> {
  const { values } = parseArgs({ options })
  if (values.help) {
    console.log(help)
    return
  }
  const { config, branch } = values
  const path = config === undefined ? inRoot('wrangler.toml') : resolve(callerPath, config)
  const deployment = readDeployment(path)
  const place = readPlace({ ...values, workerName: deployment.config.name ?? 'aitbc-edge' })
  if (!values['dry-run']) await refuseUnlessReady(deployment)
  await buildSite()
  const layout = layOutPagesProject({ ...place, folder, configPath: path })
  const worker = readDeployment(layout.workerConfigPath)
  if (values['dry-run']) {
    await rehearseWorker(worker)
    printLayout(place, layout)
    printNeeds(deployment)
  } else {
    await deployWorker(worker)
    await ensureProject(place.project, branch)
    await uploadPages(place.project, branch)
  }
  printRest(place)
}

async function ensureProject(project: string, branch: string): Promise<void> {
  const { code, output } = await ask(['pages', 'project', 'list', '--json'], folder)
  const list = code === 0 ? listIn(output) : undefined
  if (list === undefined) {
    throw new DeploymentFault(
      `Cloudflare was asked for the Pages projects, and the answer was\n${output.trim()}\n` +
        'The Worker is deployed, the pages are not. It is safe to repeat.',
    )
  }
  const names = (list as { 'Project Name': string }[]).map((one) => one['Project Name'])
  if (names.includes(project)) return
  await step(
    'creating the Pages project',
    ['pages', 'project', 'create', project, '--production-branch', branch, '--force'],
    { cwd: folder },
  )
}

async function uploadPages(project: string, branch: string): Promise<void> {
  rmSync(reportPath, { force: true })
  await step(
    'uploading the pages',
    [
      ...['pages', 'deploy', 'site', '--project-name', project, '--branch', branch],
      ...['--commit-dirty', '--force'],
    ],
    { cwd: folder, env: { WRANGLER_OUTPUT_FILE_PATH: reportPath } },
  )
  const report = existsSync(reportPath) ? readFileSync(reportPath, 'utf8') : ''
  refusePreview(report, project, branch)
}

function printLayout({ project }: Place, { rules, patterns, sitePath }: PagesProject): void {
  console.log(`  - upload ${rules.files.length} files to the Pages project "${project}", from`)
  console.log(`      ${relative(root, sitePath)}, with its _headers and _redirects`)
  console.log('  - give these addresses to the Worker:')
  for (const pattern of patterns) console.log(`      ${pattern}`)
}

function printRest({ hostname, zone, project }: Place): void {
  console.log(`
Left to you, once, in the dashboard of Cloudflare:
  - Workers & Pages, ${project}, Custom domains: add ${hostname}. Cloudflare then writes the DNS
    record, a proxied CNAME from ${hostname} to ${project}.pages.dev. Until then the Worker's routes
    have no effect, as ${hostname} is not served at all.
  - ${zone}, SSL/TLS, Edge Certificates: turn on Always Use HTTPS. Pages does not redirect by itself
    where the Worker does.`)
}
