/**
 * Groups of events: on a disk that takes milliseconds to sync, a commit for each event would bound a site
 * to a few hundred jobs a second. Events that come while an earlier commit is on its way wait for it and
 * then run together, in one turn and so in one commit, each in an atomic write of its own. An idle object
 * runs an event at once.
 */

/** Most events of a group: those behind them wait for another commit, but nobody waits for a thousand. */
const groupMax = 128

/** Runs an action, now or with the next group; settles as the action does. */
export type Group = <T>(action: () => T) => Promise<T>

/** `synced` resolves when everything that has been written is on disk. */
export function openGroup(synced: () => Promise<void>): Group {
  let waiting: (() => void)[] = []
  let isRunning = false

  const run = async (): Promise<void> => {
    while (waiting.length > 0) {
      const actions = waiting.slice(0, groupMax)
      waiting = waiting.slice(groupMax)
      for (const action of actions) action()
      // Should the disk fail, the platform resets the object; until then nobody may wait for ever.
      await synced().catch(() => undefined)
    }
    isRunning = false
  }

  return (action) =>
    new Promise((resolve, reject) => {
      waiting.push(() => {
        try {
          resolve(action())
        } catch (error) {
          reject(error)
        }
      })
      if (isRunning) return
      isRunning = true
      void run()
    })
}
