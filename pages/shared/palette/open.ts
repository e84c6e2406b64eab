/** The way to the command palette: its button and Ctrl-K. Its code is fetched at the first use. */
import { announce } from '../frame/announce.ts'
import '../styles/palette-button.css'

export function bindPalette(): void {
  const button = document.getElementById('palette-button')
  button?.addEventListener('click', () => void open())
  document.addEventListener('keydown', (event) => {
    const isKey = event.key.toLowerCase() === 'k' && (event.ctrlKey || event.metaKey)
    if (!isKey || event.shiftKey || event.altKey) return
    event.preventDefault()
    void open()
  })
}

async function open(): Promise<void> {
  try {
    const { togglePalette } = await import('./palette.tsx')
    togglePalette()
  } catch {
    // Without it there is still the field in the header.
    announce('The command palette could not be loaded. Use the search field.')
    document.getElementById('search-text')?.focus()
  }
}
