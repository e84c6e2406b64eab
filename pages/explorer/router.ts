/** Path routes under `/explorer/`, and the header's search, which stays inside the explorer. */
import { computed } from '@preact/signals'
import { followLinks, here, navigate } from '../shared/list/url-state.ts'
import { routeOf } from './routes.ts'

export const route = computed(() => routeOf(here.value.pathname))

/** Takes over links and the header's search; call once. */
export function startRouter(): void {
  followLinks('/explorer/')
  document.getElementById('search')?.addEventListener('submit', (event) => {
    event.preventDefault()
    const form = new FormData(event.target as HTMLFormElement)
    navigate(`/explorer/search?q=${encodeURIComponent(String(form.get('q') ?? ''))}`)
  })
}
