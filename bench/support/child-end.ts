/** When a program that was started is over, whether it ran or could not be run. */
import type { ChildProcess } from 'node:child_process'

export const endOf = (child: ChildProcess): Promise<void> =>
  new Promise((resolve) => {
    child.once('exit', () => resolve())
    child.once('error', () => resolve())
  })
