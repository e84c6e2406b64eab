/**
 * The theme switch. The stored choice is applied before the first paint by the inline script of
 * `build/theme-script.ts`; here it is changed, stored, and followed when another tab changes it.
 */
import { themeStorageKey } from './theme-key.ts'

export type Theme = 'light' | 'dark' | 'system'

const switches = () => [...document.querySelectorAll<HTMLInputElement>('#theme input')]

function mark(theme: Theme): void {
  for (const input of switches()) input.checked = input.value === theme
}

/** Changes the theme of this page and of all that are opened later. */
export function chooseTheme(theme: Theme): void {
  store(theme)
  apply(theme)
  mark(theme)
}

export function bindThemeSwitch(): void {
  mark(stored())
  for (const input of switches()) {
    input.addEventListener('change', () => chooseTheme(asTheme(input.value)))
  }
  window.addEventListener('storage', (event) => {
    if (event.key !== themeStorageKey && event.key !== null) return
    mark(stored())
    apply(stored())
  })
}

function apply(theme: Theme): void {
  const root = document.documentElement
  if (theme === 'system') delete root.dataset['theme']
  else root.dataset['theme'] = theme
}

const asTheme = (text: string | null): Theme =>
  text === 'light' || text === 'dark' ? text : 'system'

// Storage may be forbidden by the browser; the theme then lasts as long as the page.
function stored(): Theme {
  try {
    return asTheme(localStorage.getItem(themeStorageKey))
  } catch {
    return 'system'
  }
}

function store(theme: Theme): void {
  try {
    localStorage.setItem(themeStorageKey, theme)
  } catch {}
}
