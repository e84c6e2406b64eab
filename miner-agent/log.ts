/**
 * Log lines of the agent, as text for people or JSON for machines, on stderr. A line is an event name and
 * fields made for it; there is no way in for a prompt, an answer or a key, and what a server sends as
 * text is cut and cleared of control characters.
 */

export type LogLevel = 'debug' | 'info' | 'warn' | 'error'
export type LogFormat = 'text' | 'json'

/** Values that a line may hold. Byte strings and objects are left out on purpose. */
export type LogFields = Readonly<Record<string, string | number | boolean | bigint | undefined>>

export type Logger = Readonly<Record<LogLevel, (event: string, fields?: LogFields) => void>>

export type LoggerOptions = {
  readonly format: LogFormat
  /** Lines below this level are dropped. */
  readonly level: LogLevel
  readonly write: (line: string) => void
  readonly nowMs: () => number
}

const ranks: Readonly<Record<LogLevel, number>> = { debug: 0, info: 1, warn: 2, error: 3 }
const valueCharsMax = 300

/** Builds a logger. */
export function createLogger(options: LoggerOptions): Logger {
  const at =
    (level: LogLevel) =>
    (event: string, fields: LogFields = {}) => {
      if (ranks[level] < ranks[options.level]) return
      const time = new Date(options.nowMs()).toISOString()
      const known = Object.entries(fields).filter(([, value]) => value !== undefined)
      const cleaned = known.map(([name, value]) => [name, clean(value)] as const)
      options.write(
        options.format === 'json'
          ? `${JSON.stringify({ time, level, event, ...Object.fromEntries(cleaned) })}\n`
          : `${time.slice(11, 19)} ${level.padEnd(5)} ${event}${cleaned.map(textOf).join('')}\n`,
      )
    }
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
}

/** Makes text from elsewhere fit for a terminal and a log. */
export function cleanText(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what must go
  const visible = text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e]+/g, ' ')
  return visible.length > valueCharsMax ? `${visible.slice(0, valueCharsMax)}…` : visible
}

function clean(value: LogFields[string]): string | number | boolean {
  if (typeof value === 'string') return cleanText(value)
  return typeof value === 'bigint' ? String(value) : (value as number | boolean)
}

function textOf([name, value]: readonly [string, string | number | boolean]): string {
  const text = String(value)
  return `  ${name}=${/[\s"=]/.test(text) || text === '' ? JSON.stringify(text) : text}`
}
