/**
 * The theme switch. The stored choice is applied before the first paint by the inline script of
 * `build/theme-script.ts`; here it is changed, stored, and followed when another tab changes it.
 */
import { themeStorageKey } from './theme-key.ts'

export type Theme = 'light' | 'dark' | 'system'

export function bindThemeSwitch(): void {
  const inputs = [...document.querySelectorAll<HTMLInputElement>('#theme input')]
  const mark = (theme: Theme) => {
    for (const input of inputs) input.checked = input.value === theme
  }
  mark(stored())
  for (const input of inputs) {
    input.addEventListener('change', () => {
      const theme = asTheme(input.value)
      store(theme)
      apply(theme)
    })
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
