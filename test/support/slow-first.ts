/**
 * The order of the test files: within a group those first that take longest, from whatever project, so
 * that none is left to run alone at the end. By themselves they would go by project and by length of text.
 */
import { sep } from 'node:path'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** Roughly the seconds of the slowest files on two cores, which `npm test` prints; others take less. */
const seconds: Readonly<Record<string, number>> = {
  'test/docs/snippets.test.ts': 115,
  'test/integration/agent.test.ts': 105,
  'test/integration/chain/kill.test.ts': 90,
  'test/simulation/cluster/cluster.test.ts': 90,
  'test/integration/deploy.test.ts': 85,
  'test/e2e/pages.test.ts': 80,
  'test/integration/chain/sites.test.ts': 60,
  'test/e2e/marketplace.test.ts': 54,
  'test/e2e/wallet.test.ts': 50,
  'test/integration/api/endpoints.test.ts': 48,
  'test/integration/demo-sites.test.ts': 45,
  'test/integration/chain/snapshot-start.test.ts': 44,
  'test/e2e/account.test.ts': 42,
  'test/e2e/explorer-views.test.ts': 40,
  'test/e2e/hostile.test.ts': 39,
  'test/integration/demo.test.ts': 37,
  'test/integration/wallet/wallet-cli.test.ts': 36,
  'test/integration/chain/host.test.ts': 35,
  'test/e2e/admin.test.ts': 35,
  'test/simulation/cluster/mutants.test.ts': 30,
  'test/e2e/explorer-sites.test.ts': 30,
  'test/e2e/explorer.test.ts': 28,
  'test/e2e/extension.test.ts': 28,
  'test/e2e/design.test.ts': 25,
}

export class SlowFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files)
    // What has no number keeps its place among its like.
    return sorted.sort((a, b) => groupOf(a) - groupOf(b) || secondsOf(b) - secondsOf(a))
  }
}

const groupOf = ({ project }: TestSpecification): number => project.config.sequence.groupOrder

function secondsOf({ moduleId, project }: TestSpecification): number {
  const path = moduleId.replaceAll(sep, '/')
  const root = `${project.vitest.config.root}/`
  return seconds[path.startsWith(root) ? path.slice(root.length) : path] ?? 0
}
