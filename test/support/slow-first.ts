/**
 * The order of the test files: within a group those first that take longest, from whatever project, so
 * that none is left to run alone at the end. By themselves they would go by project and by length of text.
 */
import { sep } from 'node:path'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** Roughly the seconds of the slowest files on two cores, which `npm test` prints; others take less. */
const seconds: Readonly<Record<string, number>> = {
  'test/simulation/cluster/cluster.test.ts': 80,
  'test/e2e/pages.test.ts': 80,
  'test/integration/agent.test.ts': 70,
  'test/integration/chain/kill.test.ts': 65,
  'test/docs/snippets.test.ts': 60,
  'test/integration/chain/sites.test.ts': 55,
  'test/integration/deploy.test.ts': 50,
  'test/integration/demo-sites.test.ts': 40,
  'test/integration/demo.test.ts': 35,
  'test/integration/chain/host.test.ts': 33,
  'test/simulation/cluster/mutants.test.ts': 32,
  'test/integration/start.test.ts': 30,
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
