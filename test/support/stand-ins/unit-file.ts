/** What systemd would say of a unit file, as far as our units go. */
import { existsSync } from 'node:fs'

/** Settings that systemd documents, by section; those that a service of ours may use. */
const settings: Readonly<Record<string, RegExp>> = {
  Unit: /^(?:Description|Documentation|After|Before|Wants|Requires|StartLimit\w+)$/,
  Service:
    /^(?:Type|User|Group|WorkingDirectory|Environment|EnvironmentFile|ExecStart|ExecStartPre|Restart|RestartSec|KillSignal|KillMode|TimeoutStopSec|TimeoutStartSec|NoNewPrivileges|ProtectSystem|ProtectHome|PrivateTmp|PrivateDevices|ReadWritePaths|StateDirectory|ProtectKernelTunables|ProtectKernelModules|ProtectControlGroups|RestrictSUIDSGID|LockPersonality|RestrictAddressFamilies|SystemCallArchitectures|LimitNOFILE|UMask|LoadCredential)$/,
  Install: /^(?:WantedBy|Alias)$/,
}

/** Faults of a unit's text. `local`: where a path of the system lies here. */
export function unitFaults(text: string, local: (path: string) => string): string[] {
  const faults: string[] = []
  let section = ''
  for (const line of text.split('\n').map((part) => part.trim())) {
    if (line === '' || /^[#;]/.test(line)) continue
    const header = /^\[(\w+)\]$/.exec(line)?.[1]
    if (header !== undefined) {
      section = header
      if (!settings[section]) faults.push(`unknown section ${section}`)
      continue
    }
    const [key = '', ...rest] = line.split('=')
    const value = rest.join('=')
    if (rest.length === 0) faults.push(`no setting: ${line}`)
    else if (!settings[section]?.test(key)) faults.push(`unknown setting ${key} in ${section}`)
    faults.push(...pathFaults(key, value, local))
  }
  if (!/^ExecStart=/m.test(text)) faults.push('no ExecStart')
  return faults
}

function pathFaults(key: string, value: string, local: (path: string) => string): string[] {
  if (key === 'EnvironmentFile' && !value.startsWith('-') && !existsSync(local(value))) {
    return [`there is no ${value}`]
  }
  if (key !== 'ExecStart') return []
  const [program = '', ...args] = value.split(/\s+/)
  if (!program.startsWith('/')) return [`ExecStart is not an absolute path: ${program}`]
  const script = args.find((word) => word.startsWith('/'))
  return script !== undefined && !existsSync(local(script)) ? [`there is no ${script}`] : []
}
