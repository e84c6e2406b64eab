import * as icons from '../../shared/ui/icon.tsx'

export function IconsSample() {
  return (
    <ul class="demo-icons">
      {Object.entries(icons).map(([name, Icon]) => (
        <li key={name}>
          <Icon />
          {name}
        </li>
      ))}
    </ul>
  )
}
