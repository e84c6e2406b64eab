/** How the page shows a part: in both themes side by side, with the code that draws it. */
import type { ComponentChildren } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { whenIdle } from '../shared/frame/idle.ts'
import { Disclosure } from '../shared/ui/bits.tsx'
import { CopyListing } from '../shared/ui/copy.tsx'

/** One section of the page. What it holds is drawn when the page has nothing else to do, or `now`. */
export function Section(props: {
  id: string
  title: string
  lead: ComponentChildren
  now?: boolean
  children: ComponentChildren
}) {
  const isDue = useDue()
  return (
    <section class="design-section" aria-labelledby={props.id}>
      <h2 id={props.id}>{props.title}</h2>
      <p class="design-lead">{props.lead}</p>
      {isDue || props.now ? props.children : <div class="design-waiting" aria-busy="true" />}
    </section>
  )
}

/** The same in light and in dark. */
export function Both({ view: View }: { view: () => ComponentChildren }) {
  return (
    <div class="both">
      {(['light', 'dark'] as const).map((theme) => (
        <div key={theme} class={`side side-${theme}`}>
          <span class="side-name">{theme === 'light' ? 'Light' : 'Dark'}</span>
          <View />
        </div>
      ))}
    </div>
  )
}

/** Whether this part's turn has come: one after the other, so that none holds up the page. */
function useDue(): boolean {
  const [isDue, setDue] = useState(false)
  useEffect(() => whenIdle(() => setDue(true)), [])
  return isDue
}

export type Demo = {
  readonly id: string
  readonly title: string
  /** When to use it, and what it never does. */
  readonly lead: string
  readonly view: () => ComponentChildren
  /** Shown once, in the theme of the page. */
  readonly once?: boolean
  /** The text of the file that `view` comes from. */
  readonly code: string
}

export function DemoSection({ demo }: { demo: Demo }) {
  const code = demo.code.trim()
  const View = demo.view
  return (
    <Section id={demo.id} title={demo.title} lead={demo.lead}>
      {demo.once ? (
        <div class="once">
          <View />
        </div>
      ) : (
        <Both view={demo.view} />
      )}
      <Disclosure summary={`Code of ${demo.title.toLowerCase()}`}>
        <CopyListing text={code} what={`code of ${demo.title.toLowerCase()}`} />
      </Disclosure>
    </Section>
  )
}
