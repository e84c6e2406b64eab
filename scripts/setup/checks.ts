/** The checks that run before any test: each is one program and either passes or shows why not. */
import { performance } from 'node:perf_hooks'
import { binary } from './paths.ts'
import { run } from './run.ts'

const programs = {
  types: [binary('tsc'), ['-b', '--pretty', 'false']],
  lint: [binary('biome'), ['check', '--error-on-warnings', '--max-diagnostics=30']],
  tidy: [binary('vitest'), ['run', '--project', 'tidy']],
} as const satisfies Record<string, readonly [string, readonly string[]]>

export type Check = keyof typeof programs

/** Runs checks at the same time, prints the result of each, and returns those that failed. */
export async function runChecks(checks: Check[]): Promise<Check[]> {
  const results = checks.map(async (check) => {
    const [program, args] = programs[check]
    const beginMs = performance.now()
    const { code, output } = await run(program, [...args], { capture: true })
    return { check, code, output, seconds: (performance.now() - beginMs) / 1_000 }
  })
  const failed: Check[] = []
  for (const result of results) {
    const { check, code, output, seconds } = await result
    console.log(`${code === 0 ? 'ok    ' : 'FAILED'} ${check} (${seconds.toFixed(1)} s)`)
    if (code === 0) continue
    failed.push(check)
    console.log(output.trimEnd())
  }
  return failed
}
