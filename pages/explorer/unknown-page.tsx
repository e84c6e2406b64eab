/** An address under `/explorer/` that is none of ours. */
import { Empty } from '../shared/ui/states.tsx'
import { Title } from './parts.tsx'

export function UnknownPage() {
  return (
    <>
      <Title>Page not found</Title>
      <Empty title="The explorer has no such page">
        <a class="button button-small" href="/explorer/">
          To the overview
        </a>
      </Empty>
    </>
  )
}
