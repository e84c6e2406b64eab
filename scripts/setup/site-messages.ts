/** What a site's process and the program that started it tell each other. */

/** From the program to the site's process. The first message is `start`. */
export type ToSite =
  | {
      kind: 'start'
      port: number
      statePath: string
      vars: Record<string, string>
      /** Milliseconds between cron triggers; 0 fires none by itself. */
      cronEveryMs: number
      /** Where the Worker itself listens too. */
      workerPort: number | undefined
    }
  | { kind: 'cron'; id: number }
  | { kind: 'stop' }

/** From the site's process to the program. */
export type FromSite =
  /** The site serves. `runtimePid` is the process that runs the Worker. */
  | { kind: 'ready'; runtimePid: number | undefined }
  /** The runtime crashed or was killed, and serves again on the same state. */
  | { kind: 'restarted'; runtimePid: number | undefined }
  | { kind: 'cron'; id: number; error?: string }
  | { kind: 'log'; level: string; message: string }
  | { kind: 'failed'; message: string }
