/** Every part of the design system, one section each. */
import { demos } from './demos.ts'
import { LineDemo } from './legend.tsx'
import { Both, DemoSection, Section } from './parts.tsx'
import { Tokens } from './tokens.tsx'
import { Wording } from './wording.tsx'

const tokens = [
  { id: 'colour', title: 'Colour' },
  { id: 'type', title: 'Type' },
  { id: 'space', title: 'Space and motion' },
] as const

const line = { id: 'line', title: 'Finality line' } as const
const palette = { id: 'palette', title: 'Command palette' } as const
const words = { id: 'words', title: 'Words' } as const

export function DesignPage() {
  return (
    <div class="design">
      <nav class="design-nav" aria-label="Parts">
        <ul class="design-nav-list">
          {[...tokens, line, ...demos, palette, words].map(({ id, title }) => (
            <li key={id}>
              <a href={`#${id}`}>{title}</a>
            </li>
          ))}
        </ul>
      </nav>
      <div class="design-parts">
        <Tokens />
        <Section
          {...line}
          lead="The last slots of the chain, one cell each, under the header of every page. Drawn from blocks that this page has read, never for show."
        >
          <Both view={LineDemo} />
        </Section>
        {demos.map((demo) => (
          <DemoSection key={demo.id} demo={demo} />
        ))}
        <Section
          {...palette}
          lead="Pages, passages of the docs, look-ups on the chain and actions, from any page by Ctrl-K or the button in the header. It searches in this browser; what you chose last is kept here and can be cleared."
        >
          <button
            type="button"
            class="button"
            onClick={() => document.getElementById('palette-button')?.click()}
          >
            Open the command palette
          </button>
        </Section>
        <Wording />
      </div>
    </div>
  )
}
