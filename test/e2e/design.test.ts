/** The parts of the pages in a real browser: dialogs, forms, notices, charts, and the page that shows them. */
import type { Browser, Locator, Page } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { startBrowser } from '../support/browser.ts'
import { startTestSite, type TestSite } from '../support/site.ts'
import { giftOf } from './chain.ts'
import { findingsIn } from './page-check.ts'
import { type Watched, watch } from './visit.ts'

let site: TestSite
let browser: Browser
let watched: Watched
let page: Page
/** The light copy of every part; the dark one is the same code. */
let light: Locator

beforeAll(async () => {
  ;[site, browser] = await Promise.all([startTestSite(), startBrowser()])
  await giftOf(site.url)
  watched = await watch(browser)
  page = watched.page
  light = page.locator('.side-light')
})

afterAll(async () => {
  await watched?.[Symbol.asyncDispose]()
  await browser?.close()
  await site?.dispose()
})

const open = async () => {
  await page.setViewportSize({ width: 1440, height: 900 })
  await page.emulateMedia({ colorScheme: 'light' })
  await watched.open(`${site.url}/docs/design/`)
  await page.locator('.side-dark .chart-plot').first().waitFor()
}

const focused = () =>
  page.evaluate(() => {
    const element = document.activeElement
    return element?.getAttribute('aria-label') ?? element?.textContent?.trim() ?? ''
  })

const button = (name: string | RegExp, within: Page | Locator = light) =>
  within.getByRole('button', { name, exact: typeof name === 'string' })

describe('the page', () => {
  beforeAll(open)

  test('UI-22: it breaks no rule of the policy, styles nothing inline, and fits 320 px', async () => {
    expect(await page.locator('[style]').count()).toBe(0)
    await page.setViewportSize({ width: 320, height: 900 })
    const width = await page.evaluate(() => document.documentElement.scrollWidth)
    expect(width).toBeLessThanOrEqual(320)
    await page.setViewportSize({ width: 1440, height: 900 })
    expect(await watched.faults()).toEqual([])
  })

  test('UI-21: the page says itself that every pair holds', async () => {
    await page.getByText(/^All \d+ pairs of text and surface hold$/).waitFor()
    await page.getByText('Contrasts, measured').click()
    expect(await page.locator('.contrasts tbody tr').count()).toBeGreaterThan(25)
    expect(await findingsIn(page, '.contrasts')).toEqual([])
  })

  test('UI-20: both themes are there at once, and the code of each part unfolds', async () => {
    const grounds = await page.evaluate(() =>
      ['.side-light', '.side-dark'].map(
        (side) => getComputedStyle(document.querySelector(side)!).backgroundColor,
      ),
    )
    expect(grounds).toEqual(['rgb(247, 247, 244)', 'rgb(14, 17, 19)'])
    await page.getByText('Code of verdict').focus()
    await page.keyboard.press('Enter')
    await page.getByText("import { Verdict } from '../../shared/ui/verdict.tsx'").waitFor()
  })

  test('UI-23: what is pressed measures 24 by 24 px, on a phone too', async () => {
    for (const width of [1440, 390]) {
      await page.setViewportSize({ width, height: 900 })
      const small = await page.evaluate(() =>
        [
          ...document.querySelectorAll<HTMLElement>(
            '.design :is(button, input, select, textarea, summary, nav a), .bar button',
          ),
        ]
          .map((element) => element.closest<HTMLElement>('label') ?? element)
          .filter((element) => element.checkVisibility())
          .map((element) => ({ element, box: element.getBoundingClientRect() }))
          .filter(({ box }) => box.width < 24 || box.height < 24)
          .map(
            ({ element, box }) => `${element.outerHTML.slice(0, 80)} ${box.width}×${box.height}`,
          ),
      )
      expect(small).toEqual([])
    }
    await page.setViewportSize({ width: 1440, height: 900 })
  })

  test('UI-25: the code of charts and of the palette is not part of the first load', async () => {
    const script = async (path: string) => {
      const html = await (await fetch(site.url + path)).text()
      return [...html.matchAll(/(?:src|href)="(\/assets\/[^"]+\.js)"/g)].map(([, file]) => file!)
    }
    for (const path of ['/', '/docs/design/', '/explorer/']) {
      const names = await script(path)
      expect(names.length).toBeGreaterThan(0)
      expect(names.filter((name) => /\/(?:chart|palette|minisearch)-/.test(name))).toEqual([])
    }
    const loaded = await page.evaluate(() =>
      performance.getEntriesByType('resource').map(({ name }) => name),
    )
    expect(loaded.filter((name) => /\/assets\/chart-.*\.js$/.test(name))).toHaveLength(1)
    expect(loaded.filter((name) => /\/assets\/palette-.*\.js$/.test(name))).toEqual([])
  })
})

describe('figures', () => {
  beforeEach(open)

  test('UI-3: an amount turns to base units and back by one key', async () => {
    const units = button('base units')
    await units.focus()
    await page.keyboard.press('Space')
    expect(await units.getAttribute('aria-pressed')).toBe('true')
    await light.locator('.amount-switch', { hasText: '150,000,001' }).waitFor()
    await page.keyboard.press('Space')
    await light.locator('.amount-switch', { hasText: '1.50000001' }).waitFor()
  })

  test('UI-4: one press shows all times in UTC, here and on the next page', async () => {
    const other = await watched.context.newPage()
    await other.goto(`${site.url}/explorer/blocks`)
    const made = other.locator('td[data-label="Made"], td[data-label="Time"]').first()
    await made.filter({ hasText: 'ago' }).waitFor()
    await button('UTC times').click()
    const utc = /\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC/
    await light.locator('time.when').filter({ hasText: utc }).first().waitFor()
    await made.filter({ hasText: utc }).waitFor()
    await other.reload()
    await made.filter({ hasText: utc }).waitFor()
    await other.close()
    await button('UTC times').click()
  })

  test('UI-9: a chart is read with the arrow keys', async () => {
    const chart = light.getByRole('slider', { name: 'Minute to read in Example: two nodes' })
    await chart.focus()
    await page.keyboard.press('Home')
    expect(await chart.getAttribute('aria-valuetext')).toBe(
      '2026-01-01 00:00:00 UTC: Node A 20 blocks, Node B 25 blocks',
    )
    await page.keyboard.press('ArrowRight')
    expect(await chart.getAttribute('aria-valuenow')).toBe('1')
    await page.keyboard.press('PageUp')
    await page.keyboard.press('PageUp')
    expect(await chart.getAttribute('aria-valuetext')).toMatch(/Node A not known/)
    await page.keyboard.press('End')
    await page.keyboard.press('ArrowRight')
    expect(await chart.getAttribute('aria-valuenow')).toBe('23')
    const box = await chart.boundingBox()
    await page.mouse.move((box?.x ?? 0) + 60, (box?.y ?? 0) + 50)
    expect(Number(await chart.getAttribute('aria-valuenow'))).toBeLessThan(5)
  })

  test('UI-9, UI-22: a chart is a table for those who want one', async () => {
    const figure = light.getByRole('figure', { name: 'Transactions of the newest blocks' })
    const rows = await figure.getByRole('row').count()
    expect(rows).toBeGreaterThan(1)
    await button('Show as table', figure).click()
    const table = figure.getByRole('region', { name: 'as a table' })
    await table.getByRole('columnheader', { name: 'Transactions' }).waitFor()
    expect(await table.getByRole('row').count()).toBe(rows)
    expect(await findingsIn(page, '.side-light .chart')).toEqual([])
  })
})

describe('dialogs and notices', () => {
  beforeEach(open)

  test('UI-12, UI-22: a dialog is named, holds the focus, and gives it back', async () => {
    const opener = button('What is an escrow?')
    await opener.focus()
    await page.keyboard.press('Enter')
    const dialog = page.getByRole('dialog', { name: 'What is an escrow?' })
    await dialog.waitFor()
    for (let stop = 0; stop < 5; stop++) {
      await page.keyboard.press(stop < 3 ? 'Tab' : 'Shift+Tab')
      const inside = await page.evaluate(() => document.activeElement?.closest('dialog') !== null)
      expect(inside).toBe(true)
    }
    expect(await findingsIn(page, 'dialog[open]')).toEqual([])
    await page.keyboard.press('Escape')
    await dialog.waitFor({ state: 'hidden' })
    expect(await focused()).toBe('What is an escrow?')
    await page.keyboard.press('Enter')
    await button('Close', dialog).click()
    await dialog.waitFor({ state: 'hidden' })
    expect(await focused()).toBe('What is an escrow?')
  })

  test('UI-22: the dark copies are clean too', async () => {
    const dark = page.locator('.side-dark')
    await button('Send payment', dark.getByRole('form', { name: 'Send a payment' })).click()
    await dark.getByRole('region', { name: 'Not sent' }).waitFor()
    expect(await findingsIn(page, '.side-dark form[aria-label^="Send"]')).toEqual([])
    await button('What is an escrow?', dark).click()
    await page.getByRole('dialog', { name: 'What is an escrow?' }).waitFor()
    expect(await findingsIn(page, 'dialog[open]')).toEqual([])
  })

  test('UI-13, UI-22: a dangerous dialog starts on the way back and tells its failure inside', async () => {
    await light.locator('section, div').getByRole('button', { name: 'Close escrow' }).nth(1).focus()
    await page.keyboard.press('Enter')
    const dialog = page.getByRole('alertdialog', { name: 'Close escrow 7?' })
    await dialog.waitFor()
    expect(await focused()).toBe('Go back')
    expect(await dialog.locator('.cost').textContent()).toContain('4.2')
    await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    await dialog.getByRole('alert').filter({ hasText: 'Your funds are where they were' }).waitFor()
    expect(await findingsIn(page, 'dialog[open]')).toEqual([])
    await page.keyboard.press('Shift+Tab')
    await page.keyboard.press('Enter')
    await dialog.waitFor({ state: 'hidden' })
    expect(await focused()).toBe('Close escrow')
  })

  test('UI-11, UI-22: a notice is polite, stays while it has the focus, and can be dismissed', async () => {
    await button('Save labels').focus()
    await page.keyboard.press('Enter')
    const notice = page.locator('.toasts [role="status"] .toast', { hasText: 'Saved the labels' })
    await notice.waitFor()
    expect(await findingsIn(page, '.toasts')).toEqual([])
    const dismiss = page.getByRole('button', { name: 'Dismiss: Saved the labels in this browser' })
    await dismiss.focus()
    await page.keyboard.press('Enter')
    await notice.waitFor({ state: 'detached' })
  })

  test('UI-24: nothing moves for those who ask for less motion', async () => {
    await button('Save labels').click()
    await page.locator('.toast').waitFor()
    const moving = await page.evaluate(() =>
      document
        .getAnimations()
        .filter((animation) => Number(animation.effect?.getComputedTiming().duration) > 0)
        .map((animation) => String((animation as CSSAnimation).animationName)),
    )
    expect(moving).toEqual([])
  })
})

describe('forms', () => {
  beforeEach(open)

  test('UI-14, UI-22: a form that cannot be sent says why, leads there, and ticks off what is done', async () => {
    const form = light.getByRole('form', { name: 'Send a payment' })
    await button('Send payment', form).focus()
    await page.keyboard.press('Enter')
    const summary = form.getByRole('region', { name: 'Not sent: 3 fields need another look' })
    await summary.waitFor()
    expect(await summary.evaluate((element) => element === document.activeElement)).toBe(true)
    expect(await findingsIn(page, '.side-light form[aria-label^="Send"]')).toEqual([])

    await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    const to = form.getByRole('textbox', { name: 'To' })
    expect(await to.evaluate((element) => element === document.activeElement)).toBe(true)
    expect(await to.getAttribute('aria-invalid')).toBe('true')
    const described = await to.getAttribute('aria-describedby')
    expect(await form.locator(`[id="${described}"]`).textContent()).toContain('begins with aitbc1')

    await page.keyboard.type('aitbc1qexample')
    expect(await to.getAttribute('aria-invalid')).toBeNull()
    await summary.getByText('Done.').waitFor()
    await page.keyboard.press('Tab')
    await page.keyboard.type('1,5')
    await form.getByText('Use a point for decimals').first().waitFor()
    await page.keyboard.press('ControlOrMeta+a')
    await page.keyboard.type('1.5')
    await form.getByText('= 150,000,000 base units').waitFor()
    await form.getByText('Leaves your account: 1.5 AITBC').waitFor()
    await form.getByRole('checkbox', { name: 'I compared' }).focus()
    await page.keyboard.press('Space')
    await button('Send payment', form).focus()
    await page.keyboard.press('Enter')
    await page.locator('.toast', { hasText: 'nothing was sent' }).waitFor()
    expect(await summary.count()).toBe(0)
  })

  test('UI-15: what cannot be used says why', async () => {
    const form = light.getByRole('form', { name: 'Every kind of field' })
    const reasonOf = async (control: Locator) => {
      const id = await control.getAttribute('aria-describedby')
      return form.locator(`[id="${id}"]`).textContent()
    }
    const region = form.getByRole('textbox', { name: 'Region' })
    expect(await region.isDisabled()).toBe(true)
    expect(await reasonOf(region)).toBe('Miners do not say where they are yet.')
    const send = button('Send job', form)
    await send.focus()
    expect(await focused()).toBe('Send job')
    expect(await reasonOf(send)).toBe('This form only shows its fields.')
  })

  test('UI-14: every kind of field is filled in by keys alone', async () => {
    const form = light.getByRole('form', { name: 'Every kind of field' })
    const ttl = form.getByRole('textbox', { name: 'Time to live' })
    await ttl.focus()
    await page.keyboard.press('ControlOrMeta+a')
    await page.keyboard.type('900')
    expect(await ttl.getAttribute('aria-invalid')).toBeNull()
    await page.keyboard.press('Tab')
    await page.keyboard.type('Hello')
    await form.getByText('5 of 400 characters').waitFor()
    await page.keyboard.press('Tab')
    await page.keyboard.type('a secret')
    const secret = form.getByRole('textbox', { name: 'Passphrase' })
    expect(await secret.getAttribute('type')).toBe('password')
    await page.keyboard.press('Tab')
    await page.keyboard.press('Space')
    expect(await secret.getAttribute('type')).toBe('text')
    expect(await secret.inputValue()).toBe('a secret')
    await form.getByRole('combobox', { name: 'Model' }).focus()
    await page.keyboard.press('ArrowDown')
    expect(await form.getByRole('combobox', { name: 'Model' }).inputValue()).toBe('aitbc-tiny')
    await form.getByRole('radio', { name: 'Any miner' }).focus()
    await page.keyboard.press('ArrowDown')
    expect(await form.getByRole('radio', { name: 'One that I used' }).isChecked()).toBe(true)
    await form.locator('input[type="file"]').setInputFiles({
      name: 'key.json',
      mimeType: 'application/json',
      buffer: Buffer.from('{}'),
    })
    await form.locator('.field-hint', { hasText: 'key.json' }).waitFor()
    expect(await watched.faults()).toEqual([])
  })
})
