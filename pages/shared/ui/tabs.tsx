/** The views of one program, side by side; where they do not fit, the row scrolls to the current one. */
import { useLayoutEffect, useRef } from 'preact/hooks'

type Tab = { readonly href: string; readonly label: string }

type TabsProps = {
  /** What they are views of. */
  name: string
  tabs: readonly Tab[]
  /** `href` of the tab under which the open view stands. */
  current: string | undefined
}

export function Tabs({ name, tabs, current }: TabsProps) {
  const list = useRef<HTMLUListElement>(null)
  useLayoutEffect(() => {
    const tab = list.current?.querySelector<HTMLElement>('[aria-current]')
    if (!tab || !list.current) return
    const { left, width } = tab.getBoundingClientRect()
    const box = list.current.getBoundingClientRect()
    // In the middle, so that what is beside it says that there is more.
    list.current.scrollLeft += left + width / 2 - (box.left + box.width / 2)
  }, [current])
  return (
    <nav class="tabs" aria-label={name}>
      <ul class="tab-list" ref={list}>
        {tabs.map(({ href, label }) => (
          <li key={href}>
            <a href={href} aria-current={href === current ? 'page' : undefined}>
              {label}
            </a>
          </li>
        ))}
      </ul>
    </nav>
  )
}
