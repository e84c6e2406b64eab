/**
 * `npm run check`: types, lint and format, and the tidy rules; what CI runs before the tests.
 *
 * Prints a line a step, and the whole output of a step that fails. Exit code 1 when one fails.
 */
import { runChecks } from './setup/checks.ts'

const failed = await runChecks(['types', 'lint', 'tidy'])
process.exitCode = failed.length === 0 ? 0 : 1
