/** The extension's manifest, one source for both browsers: what differs is said here and nowhere else. */

export type ExtensionTarget = 'firefox' | 'chromium'

/** First releases that have all that is used: scripts in the page's world, `light-dark()`, session storage. */
const versions = { firefox: '140.0', android: '142.0', chromium: '123' } as const

/** Names the add-on to Firefox for ever; no address of anybody. */
export const geckoId = 'browser-wallet@aitbc-edge'

/** Pages that may have a wallet: https, and plain http on this machine alone. */
export const pageMatches = ['https://*/*', 'http://localhost/*', 'http://127.0.0.1/*'] as const

/** What the extension's own pages may do: their own scripts, and talk to the site of the network. */
export const extensionCsp = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "font-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self' https: http://localhost:* http://127.0.0.1:*",
  "worker-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "object-src 'none'",
  "require-trusted-types-for 'script'",
  'trusted-types aitbc-worker',
].join('; ')

/** `manifest.json` for one browser. `version`: that of the package. */
export function extensionManifest(target: ExtensionTarget, version: string): object {
  return {
    manifest_version: 3,
    name: 'AITBC Edge wallet',
    short_name: 'AITBC wallet',
    version,
    description:
      'Keeps keys of an AITBC network, shows what a site asks to sign, and signs it when you agree.',
    ...(target === 'firefox'
      ? {
          browser_specific_settings: {
            gecko: {
              id: geckoId,
              strict_min_version: versions.firefox,
              data_collection_permissions: { required: ['none'] },
            },
            gecko_android: { strict_min_version: versions.android },
          },
          background: { scripts: ['background.js'] },
        }
      : {
          minimum_chrome_version: versions.chromium,
          background: { service_worker: 'background.js' },
        }),
    permissions: ['alarms', 'storage'],
    content_security_policy: { extension_pages: extensionCsp },
    content_scripts: [
      { matches: pageMatches, js: ['relay.js'], run_at: 'document_start' },
      { matches: pageMatches, js: ['provider.js'], run_at: 'document_start', world: 'MAIN' },
    ],
    action: {
      default_title: 'AITBC Edge wallet',
      default_popup: 'popup.html',
      default_icon: icons(16, 32),
    },
    icons: icons(16, 32, 48, 128),
    incognito: 'not_allowed',
  }
}

const icons = (...sizes: number[]): Record<string, string> =>
  Object.fromEntries(sizes.map((size) => [size, `icons/${size}.png`]))
