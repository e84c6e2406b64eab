import { explorerPath } from '../../shared/addresses.ts'
import { Tabs } from '../../shared/ui/tabs.tsx'

export function TabsSample() {
  return (
    <Tabs
      name="Sample views"
      current={explorerPath.jobs}
      tabs={[
        { href: explorerPath.overview, label: 'Overview' },
        { href: explorerPath.jobs, label: 'Jobs' },
        { href: explorerPath.miners, label: 'Miners' },
      ]}
    />
  )
}
