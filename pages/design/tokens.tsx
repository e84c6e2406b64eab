/** The design tokens, read from the style sheet that is in force, with the contrasts that they reach. */
import tokensCss from '../shared/styles/tokens.css?raw'
import { Disclosure } from '../shared/ui/bits.tsx'
import { Status } from '../shared/ui/status.tsx'
import { contrast, contrastRules, type Theme } from './contrast.ts'
import { Both, Section } from './parts.tsx'
import { colourTokens, tokensOf } from './read-tokens.ts'

const colours = colourTokens(tokensCss)
const byName = new Map(colours.map((colour) => [colour.name, colour]))

export function Tokens() {
  return (
    <>
      <Section
        id="colour"
        title="Colour"
        now
        lead="Neutral surfaces, one accent for action and for what is verified, two colours for failure and caution. Each is a pair; the theme picks one."
      >
        <Both view={Swatches} />
        <Contrasts />
      </Section>
      <Section
        id="type"
        title="Type"
        lead="One sans for text, one mono with figures of equal width for numbers, hashes and addresses. Six sizes."
      >
        <ul class="scale">
          {tokensOf(tokensCss, 'text-').map(({ name, value }) => (
            <li key={name}>
              <span class={`scale-sample sample-${name}`}>Final at 1,204</span>
              <code>--{name}</code> <span class="muted">{value}</span>
            </li>
          ))}
        </ul>
      </Section>
      <Section
        id="space"
        title="Space and motion"
        lead="Seven steps of space. One duration, which is zero for those who ask for less motion."
      >
        <ul class="scale">
          {tokensOf(tokensCss, 'space-').map(({ name, value }) => (
            <li key={name}>
              <svg class="space-bar" height="12" width="128" aria-hidden="true" focusable="false">
                <rect width={value} height="12" />
              </svg>
              <code>--{name}</code> <span class="muted">{value}</span>
            </li>
          ))}
          {tokensOf(tokensCss, 'motion').map(({ name, value }) => (
            <li key={name}>
              <code>--{name}</code> <span class="muted">{value}</span>
            </li>
          ))}
        </ul>
      </Section>
    </>
  )
}

function Swatches() {
  return (
    <ul class="swatches">
      {colours.map(({ name, light, dark }) => (
        <li key={name}>
          <svg width="40" height="24" aria-hidden="true" focusable="false">
            <rect class="swatch" width="40" height="24" fill={`var(--${name})`} />
          </svg>
          <code>--{name}</code>
          <span class="muted swatch-value">
            {light} {dark}
          </span>
        </li>
      ))}
    </ul>
  )
}

const pairs = contrastRules.flatMap(({ text, on, least }) =>
  on.map((surface) => ({
    text,
    surface,
    least,
    light: ratio(text, surface, 'light'),
    dark: ratio(text, surface, 'dark'),
  })),
)

type Pair = (typeof pairs)[number]

const holds = ({ light, dark, least }: Pair) => Math.min(light, dark) >= least

/** Every pair that a rule speaks of, measured. */
function Contrasts() {
  const failing = pairs.filter((pair) => !holds(pair)).length
  return (
    <div class="contrasts">
      {failing === 0 ? (
        <Status tone="good" word={`All ${pairs.length} pairs of text and surface hold`} />
      ) : (
        <Status tone="bad" word={`${failing} of ${pairs.length} pairs are too low`} />
      )}
      <Disclosure summary="Contrasts, measured from the tokens by WCAG 2">
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be in reach of the keyboard */}
        <section class="scroller" tabIndex={0} aria-label="Contrasts">
          <table>
            <thead>
              <tr>
                <th scope="col">Text</th>
                <th scope="col">Surface</th>
                <th scope="col" class="number">
                  At least
                </th>
                <th scope="col" class="number">
                  Light
                </th>
                <th scope="col" class="number">
                  Dark
                </th>
                <th scope="col">State</th>
              </tr>
            </thead>
            <tbody>
              {pairs.map((pair) => (
                <PairRow key={`${pair.text} ${pair.surface}`} pair={pair} />
              ))}
            </tbody>
          </table>
        </section>
      </Disclosure>
    </div>
  )
}

function PairRow({ pair }: { pair: Pair }) {
  return (
    <tr>
      <th scope="row">{pair.text}</th>
      <td>{pair.surface}</td>
      <td class="number">{pair.least}</td>
      <td class="number">{pair.light.toFixed(1)}</td>
      <td class="number">{pair.dark.toFixed(1)}</td>
      <td>
        {holds(pair) ? <Status tone="good" word="Holds" /> : <Status tone="bad" word="Too low" />}
      </td>
    </tr>
  )
}

function ratio(text: string, surface: string, theme: Theme): number {
  const [front, back] = [byName.get(text)?.[theme], byName.get(surface)?.[theme]]
  return front === undefined || back === undefined ? 0 : contrast(front, back)
}
