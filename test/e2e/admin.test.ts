/** The administrators' console in a browser: who gets in, and acts from the button to the audit log. */
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startBrowser } from '../support/browser.ts'
import { startTestSite, type TestSite } from '../support/site.ts'
import { rentedVars, signIn, startRentedMiner } from './marketplace-world.ts'
import { findingsIn, overflowAt } from './page-check.ts'
import { settled, type Visit, visit } from './visit.ts'
import { freshKey, importSeed, unlock } from './wallet-world.ts'

const admin = freshKey()
const [minerKey = ''] = JSON.parse(rentedVars.MINER_API_KEYS) as string[]

let site: TestSite
let browser: Browser
let miner: Awaited<ReturnType<typeof startRentedMiner>>
let person: Visit
let page: Page

beforeAll(async () => {
  ;[site, browser] = await Promise.all([
    startTestSite({
      cronEveryMs: 1_000,
      vars: { ...rentedVars, ADMIN_ADDRESSES: admin.address },
    }),
    startBrowser(),
  ])
  miner = await startRentedMiner(site)
})

afterAll(async () => {
  await person?.[Symbol.asyncDispose]()
  miner?.stop()
  await browser?.close()
  await site?.dispose()
})

/** Requests of a page for what is an administrator's. */
function adminRequests(of: Page): string[] {
  const asked: string[] = []
  of.on('request', (request) => {
    if (/\/admin\/[a-z]/.test(new URL(request.url()).pathname)) asked.push(request.url())
  })
  return asked
}

async function expectClean(what: string): Promise<void> {
  await settled(page)
  const found = [...(await findingsIn(page, '#admin')), ...(await overflowAt(page, 320))]
  await page.setViewportSize({ width: 1440, height: 900 })
  expect([...found, ...(await person.faults())].map((each) => `${what}: ${each}`)).toEqual([])
}

async function post(path: string, key: string, body: object): Promise<Record<string, unknown>> {
  const response = await fetch(`${site.url}/api/v1${path}`, {
    method: 'POST',
    headers: { 'x-api-key': key, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  const text = await response.text()
  if (!response.ok) throw new Error(`${path}: ${response.status} ${text}`)
  return text === '' ? {} : (JSON.parse(text) as Record<string, unknown>)
}

/** A job for the model of the rented miner, from a client with a key. */
async function submit(prompt: string): Promise<string> {
  const [client = ''] = JSON.parse(site.vars['CLIENT_API_KEYS'] ?? '[]') as string[]
  const payload = { type: 'inference', model: 'llama3:8b', prompt, max_tokens: 512 }
  return String((await post('/jobs', client, { payload }))['job_id'])
}

/** The miner takes a job and answers what nobody believes: one letter, each a token. */
async function answerOddly(): Promise<void> {
  for (;;) {
    const { job_id: jobId } = await post('/miners/poll', minerKey, { max_wait_seconds: 1 })
    if (typeof jobId !== 'string') continue
    const result = { output: 'a'.repeat(400), completion_tokens: 400, status: 'completed' }
    await post(`/miners/${jobId}/result`, minerKey, { result, metrics: {} })
    return
  }
}

const open = async (tab: string) => {
  const tabs = page.getByRole('navigation', { name: 'Administration' })
  await tabs.getByRole('link', { name: tab, exact: true }).click()
  await page.getByRole('heading', { level: 1, name: tab }).waitFor()
}

/** Answers the question of an act, after trying to leave the reason out. */
async function confirm(button: string, why: string, choice?: string): Promise<void> {
  const dialog = page.getByRole('alertdialog')
  if (choice !== undefined) await dialog.getByLabel(choice, { exact: true }).check()
  await dialog.getByRole('button', { name: button, exact: true }).click()
  await dialog.getByText('Not sent: one field needs another look').waitFor()
  if (choice !== undefined) await expectClean(button)
  await dialog.getByLabel('Why', { exact: true }).fill(why)
  await dialog.getByRole('button', { name: button, exact: true }).click()
  await dialog.waitFor({ state: 'detached' })
  // What became of it has the focus: the button that began it may be gone.
  await page.locator('.outcome:focus').waitFor()
}

const outcome = () => page.getByRole('region', { name: 'What became of it' }).textContent()

/** The newest row of the log, cell by cell. */
async function lastAct(why: string): Promise<Record<string, string>> {
  await open('Audit log')
  const row = page.locator('tbody tr').first()
  await row.getByText(why).waitFor()
  return row
    .locator('td')
    .evaluateAll((cells) =>
      Object.fromEntries(
        cells.map((cell) => [cell.getAttribute('data-label') ?? '', cell.textContent ?? '']),
      ),
    )
}

test('ADMINPAGE-1, ADMINPAGE-7: strangers and clients see nothing, and nothing is asked for them', async () => {
  person = await visit(browser, `${site.url}/admin/?view=jobs`)
  page = person.page
  const asked = adminRequests(page)
  await page.getByText('Sign in to administer this site').waitFor()
  await expectClean('not signed in')
  await signIn(page, site.url, '/admin/?view=jobs')
  await page.getByText('This account does not administer the site').waitFor()
  expect(await page.getByRole('navigation', { name: 'Administration' }).count()).toBe(0)
  await expectClean('without the role')
  expect(asked.filter((url) => !url.endsWith('mintFaucet'))).toEqual([])
  const stranger = await fetch(`${site.url}/admin/stats`)
  expect(stranger.status).toBe(401)
  await person[Symbol.asyncDispose]()
})

test('ADMINPAGE-2, ADMINPAGE-7, ADMINPAGE-8: an administrator finds an overview, and empty lists that say so', async () => {
  person = await visit(browser, `${site.url}/wallet/import`)
  page = person.page
  await importSeed(page, site.url, admin.seed)
  await page.goto(`${site.url}/wallet/sign-in?return=${encodeURIComponent('/admin/')}`)
  await unlock(page)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.waitForURL((at) => at.pathname === '/admin/')
  await page.getByText('All parts are well').waitFor()
  const parts = page.getByRole('table', { name: 'Parts' })
  for (const name of ['database', 'chain', 'conservation', 'coordinator', 'wallets']) {
    await parts.locator('tr', { hasText: name }).getByText('Well', { exact: true }).waitFor()
  }
  expect(await page.locator('.figures > div', { hasText: 'Miners online' }).textContent()).toMatch(
    /Miners online1/,
  )
  await expectClean('overview')
  for (const [tab, words] of [
    ['Jobs', 'No jobs yet'],
    ['Held results', 'Nothing waits for you'],
    ['Payments', 'No payments yet'],
    ['Audit log', 'Nobody has done anything yet'],
  ] as const) {
    await open(tab)
    await page.getByText(words).waitFor()
  }
})

test('ADMINPAGE-3, ADMINPAGE-4: a miner is suspended, and the log says who, what, to whom and why', async () => {
  await open('Miners')
  await page.locator('tbody tr', { hasText: miner.id }).getByText('Online').waitFor()
  await expectClean('miners')
  await page.getByRole('link', { name: miner.id }).click()
  await page.getByRole('button', { name: 'Drain or suspend' }).click()
  await confirm('Suspend the miner', 'answers are empty since noon', 'Suspend')
  expect(await outcome()).toContain(`${miner.id} is suspended`)
  await page.locator('.title').getByText('Suspended').waitFor()
  await page.getByText('answers are empty since noon').waitFor()
  await expectClean('a suspended miner')

  const act = await lastAct('answers are empty since noon')
  expect(act['Who']).toContain(admin.address)
  expect(act).toMatchObject({
    What: 'Suspended a miner',
    'To whom': miner.id,
    Details: 'before: active, standing: suspended',
  })
  await expectClean('audit log')
  await page.getByRole('link', { name: miner.id }).click()
  await page.getByRole('button', { name: 'Let it work again' }).click()
  await confirm('Let it work again', 'a new driver is in place')
  await page.locator('.title').getByText('Online').waitFor()
})

test('ADMINPAGE-3, ADMINPAGE-4: a job is found, given another priority and canceled', async () => {
  const jobId = await submit('never served')
  await open('Jobs')
  await page.getByLabel('State', { exact: true }).selectOption('queued')
  await page.locator('tbody tr', { hasText: 'Waits' }).waitFor()
  await expectClean('jobs')
  await page.getByLabel('State', { exact: true }).selectOption('failed')
  await page.getByText('No jobs like this').waitFor()
  await page.getByRole('button', { name: 'Clear filters' }).click()
  await page.getByLabel('Go to a job by its id').fill(jobId)
  await page.keyboard.press('Enter')
  await page.getByRole('button', { name: 'Change the priority' }).click()
  await confirm('Change the priority', 'the client waits on the phone')
  expect(await outcome()).toContain('The job has high priority')
  await page.getByRole('button', { name: 'Cancel the job' }).click()
  await confirm('Cancel the job', 'nobody serves it')
  expect(await outcome()).toContain('The job is canceled')
  await page.locator('.title').getByText('Canceled').waitFor()
  expect(await page.getByRole('button', { name: 'Cancel the job' }).count()).toBe(0)
  await expectClean('a canceled job')
  expect(await lastAct('nobody serves it')).toMatchObject({ What: 'Canceled a job' })
})

test('ADMINPAGE-5: held results are released and refused', async () => {
  await Promise.all([submit('odd'), answerOddly()])
  await Promise.all([submit('odd again'), answerOddly()])
  await open('Held results')
  await page.locator('.held').nth(1).waitFor()
  await page.getByText('The answer repeats one short piece throughout.').first().waitFor()
  await expectClean('held')
  await page.locator('.held').first().getByRole('button', { name: 'Release' }).click()
  await confirm('Release the payment', 'asked the client: it wanted this')
  expect(await outcome()).toContain('Released: the payment is due')
  await page.locator('.held').nth(1).waitFor({ state: 'detached' })
  await page.locator('.held').first().getByRole('button', { name: 'Refuse' }).click()
  await confirm('Refuse the payment', 'no answer at all')
  expect(await outcome()).toContain('Refused: the client keeps the answer')
  await page.getByText('Nothing waits for you').waitFor()
  await page.getByRole('link', { name: 'Decided too' }).click()
  await page.locator('.held', { hasText: 'Refused' }).getByText('no answer at all').waitFor()
  await expectClean('decided')
  await open('Payments')
  await page.locator('tbody tr', { hasText: 'Settled' }).waitFor()
  await page.locator('tbody tr', { hasText: 'Refused' }).waitFor()
  await expectClean('payments')
})

test('ADMINPAGE-3, ADMINPAGE-6: keys are revoked, and no secret is in the browser', async () => {
  const owner = await visit(browser, `${site.url}/wallet/import`)
  await signIn(owner.page, site.url, '/account/keys')
  await owner.page.getByLabel('Name', { exact: true }).fill('lost notebook')
  await owner.page.getByRole('button', { name: 'Create the key' }).click()
  const secret = (await owner.page.locator('.secret code').textContent()) ?? ''
  await owner[Symbol.asyncDispose]()

  const seen: string[] = []
  const bodies: Promise<unknown>[] = []
  page.on('response', (response) => {
    if (!response.url().includes('/admin/')) return
    bodies.push(
      response.text().then(
        (text) => seen.push(text),
        () => undefined,
      ),
    )
  })
  await open('Keys')
  const row = page.locator('tbody tr', { hasText: 'lost notebook' })
  await row.getByRole('button', { name: 'Revoke' }).click()
  await confirm('Revoke the key', 'its owner lost the notebook')
  await row.getByText('Revoked', { exact: true }).waitFor()
  await expectClean('keys')
  expect(await lastAct('its owner lost the notebook')).toMatchObject({ What: 'Revoked a key' })
  await open('Users')
  await page.locator('tbody tr', { hasText: 'administrator' }).waitFor()
  await expectClean('users')
  await open('Settings')
  await page
    .locator('tbody tr', { hasText: 'ADMIN_API_KEYS' })
    .getByText('Set, and secret')
    .waitFor()
  await page.locator('tbody tr', { hasText: 'ADMIN_ADDRESSES' }).getByText(admin.address).waitFor()
  await expectClean('settings')
  // The last of many tabs: on a phone the row has to scroll to it.
  await page.setViewportSize({ width: 390, height: 900 })
  await page.reload()
  const tab = page.locator('.tab-list [aria-current="page"]', { hasText: 'Settings' })
  const { x = 0, width = 0 } = (await tab.boundingBox()) ?? {}
  expect([x >= 0, x + width <= 390]).toEqual([true, true])
  await page.setViewportSize({ width: 1440, height: 900 })
  await Promise.all(bodies)
  const all = `${seen.join('\n')}${await page.content()}`
  expect(seen.length).toBeGreaterThan(3)
  const secrets = [secret, minerKey, site.vars['AUTHORITY_KEY'], site.vars['JWT_SECRET']]
  const keys = ['ADMIN_API_KEYS', 'CLIENT_API_KEYS'].flatMap(
    (name) => JSON.parse(site.vars[name] ?? '[]') as string[],
  )
  for (const each of [...secrets, ...keys]) {
    expect(each).toBeTruthy()
    expect(all.includes(each ?? '')).toBe(false)
  }
})

test('ADMINPAGE-3, ADMINPAGE-8: what cannot be read or is old says so; what is refused changes nothing', async () => {
  await page.route('**/api/v1/admin/users*', (route) =>
    route.fulfill({
      status: 503,
      json: { error: { code: 'BUSY', message: 'Busy for a moment.' } },
    }),
  )
  await open('Users')
  await page.getByText('Could not read the users').waitFor()
  await page.unroute('**/api/v1/admin/users*')
  await page.getByRole('button', { name: 'Try again' }).click()
  await page.locator('tbody tr', { hasText: 'administrator' }).waitFor()

  // The site falls silent; the page's clock goes on to where it asks again.
  await page.route('**/api/v1/admin/users*', (route) => route.abort())
  await page.evaluate(() => {
    const clock = Date.now
    Date.now = () => clock() + 20_000
    document.dispatchEvent(new Event('visibilitychange'))
  })
  await page.getByText('Figures from').waitFor()
  await page.locator('.is-stale tbody tr', { hasText: 'administrator' }).waitFor()
  await page.unroute('**/api/v1/admin/users*')
  await page.getByRole('button', { name: 'Refresh' }).click()
  await page.locator('.is-stale').waitFor({ state: 'detached' })
  await page.goto(`${site.url}/admin/?view=nonsense`)
  await page.getByText('The address leads nowhere').waitFor()

  // Somebody else was faster: the site refuses, and the page says what that means.
  const other = await submit('never served either')
  await page.goto(`${site.url}/admin/?view=job&id=${other}`)
  await page.getByRole('button', { name: 'Cancel the job' }).click()
  const [key = ''] = JSON.parse(site.vars['ADMIN_API_KEYS'] ?? '[]') as string[]
  const gone = await fetch(`${site.url}/admin/jobs/${other}`, {
    method: 'DELETE',
    headers: { 'x-api-key': key },
  })
  expect(gone.status).toBe(200)
  await page.getByLabel('Why', { exact: true }).fill('too late')
  await page.getByRole('alertdialog').getByRole('button', { name: 'Cancel the job' }).click()
  await page.getByText('Nothing was changed.').waitFor()
  await page.getByRole('button', { name: 'Go back' }).click()
  await page.goto(`${site.url}/admin/?view=job&id=${'0'.repeat(32)}`)
  await page.getByText('No such job at this site').waitFor()
})
