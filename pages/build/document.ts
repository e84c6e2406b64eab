/**
 * The HTML around every page: head, header, finality line, main, footer. Static text, so that it is
 * there before and without JavaScript; `pages/shared/frame` fills in what is live.
 */
import { escapeHtml } from './html.ts'
import { brandMark, icons } from './icons.ts'
import { navigation, type Page } from './site-map.ts'
import { themeScript } from './theme-script.ts'

/** A whole document; `body` is trusted HTML of our own, `version` that of the package. */
export function renderDocument(page: Page, body: string, version: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>${escapeHtml(page.title)}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="description" content="${escapeHtml(page.description)}">
<meta name="application-name" content="AITBC">
<meta name="format-detection" content="telephone=no">
<meta name="color-scheme" content="light dark">
<meta name="theme-color" content="#f7f7f4" media="(prefers-color-scheme: light)">
<meta name="theme-color" content="#0e1113" media="(prefers-color-scheme: dark)">
${page.indexed ? '' : '<meta name="robots" content="noindex">\n'}<script>${themeScript}</script>
<link rel="icon" href="/favicon.svg" type="image/svg+xml">
<script type="module" src="/${page.entry}"></script>
</head>
<body data-section="${page.section}">
<a class="skip" href="#main">Skip to content</a>
${header(page)}
<section class="line" id="finality-line" aria-label="Finality line"></section>
<main id="main" tabindex="-1">
${body}
</main>
${footer(version)}
<div class="visually-hidden" id="announcer" role="status"></div>
</body>
</html>
`
}

function header(page: Page): string {
  const links = navigation
    .map(({ section, label, href }) => {
      const current = section === page.section ? ' aria-current="true"' : ''
      return `<li><a href="${href}"${current}>${label}</a></li>`
    })
    .join('')
  return `<header class="bar">
<div class="bar-inner">
<a class="brand" href="/" aria-label="AITBC, home">${brandMark}<span>AITBC</span></a>
<div class="network" id="network"></div>
<button class="menu-button" id="menu-button" type="button" aria-expanded="false" aria-controls="menu" aria-label="Menu">${icons.menu}<span aria-hidden="true">Menu</span></button>
<div class="menu" id="menu">
<nav aria-label="Main"><ul class="nav">${links}</ul></nav>
<form class="search" id="search" role="search" action="/explorer/search">
<label class="visually-hidden" for="search-text">Search by block height, hash, address or receipt</label>
${icons.search}<input id="search-text" name="q" type="search" autocomplete="off" autocapitalize="off" spellcheck="false" placeholder="Height, hash, address, receipt"><kbd aria-hidden="true">/</kbd>
</form>
<button class="palette-button" id="palette-button" type="button" aria-haspopup="dialog" aria-keyshortcuts="Control+K Meta+K" aria-label="Commands (Ctrl K)"><span class="palette-word">Commands</span><kbd>Ctrl K</kbd></button>
<fieldset class="theme" id="theme"><legend class="visually-hidden">Theme</legend>${themeChoice('light', 'Light')}${themeChoice('dark', 'Dark')}${themeChoice('system', 'System')}</fieldset>
<div class="sign-in" id="sign-in"><a class="button button-small" href="/wallet/sign-in">Sign in</a></div>
</div>
</div>
</header>`
}

function themeChoice(value: 'light' | 'dark' | 'system', label: string): string {
  const checked = value === 'system' ? ' checked' : ''
  return `<label title="${label} theme"><input type="radio" name="theme" value="${value}"${checked}><span class="visually-hidden">${label}</span>${icons[value]}</label>`
}

/** What stands at the foot of every page; each leads to a page or file of this site. */
const footLinks = [
  { label: 'Docs', href: '/docs/' },
  { label: 'API reference', href: '/docs/api.html' },
  { label: 'OpenAPI', href: '/openapi.json' },
  { label: 'Health', href: '/api/v1/health' },
  { label: 'Privacy', href: '/docs/privacy.html' },
  { label: 'Licence', href: '/assets/licence.txt' },
  { label: 'Font licences', href: '/assets/fonts-license.txt' },
] as const

const footer = (version: string): string => `<footer class="foot">
<div class="foot-inner">
<dl class="facts" id="site-facts" data-version="${escapeHtml(version)}"></dl>
<nav aria-label="Site"><ul class="foot-links">${footLinks.map(({ label, href }) => `<li><a href="${href}">${label}</a></li>`).join('')}</ul></nav>
</div>
<noscript><p class="foot-note">Live figures need JavaScript. The same data is at <a href="/rpc/status">/rpc/status</a> and <a href="/rpc/blocks">/rpc/blocks</a>.</p></noscript>
</footer>`
