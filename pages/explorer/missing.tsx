/** Pages for things that are not there, or not there yet. */
import { Empty, Skeleton } from '../shared/ui/states.tsx'
import { Title } from './parts.tsx'

/** Nothing has this id; says what was looked for. */
export function Missing({ title, id }: { title: string; id: string }) {
  return (
    <>
      <Title>{title}</Title>
      <Empty title="Nothing here has this name">
        <code class="break">{id}</code>
        <span>
          Check that it is whole and that it belongs to this chain: a reset test network starts
          over.
        </span>
        <a class="button button-small" href="/explorer/">
          To the overview
        </a>
      </Empty>
    </>
  )
}

/** A detail page before its answer. */
export function PageSkeleton({ title }: { title: string }) {
  return (
    <>
      <Title>{title}</Title>
      <div class="pairs">
        {['a', 'b', 'c', 'd', 'e', 'f'].map((key) => (
          <div key={key}>
            <Skeleton size={8} />
            <Skeleton size={16} />
          </div>
        ))}
      </div>
    </>
  )
}
