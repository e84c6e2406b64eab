/** How the console says states, clients and durations, wherever they stand. */
import { codeWords } from '../explorer/kinds.ts'
import { explorerPath } from '../shared/addresses.ts'
import { ownWord } from '../shared/own.ts'
import { Hash } from '../shared/ui/hash.tsx'
import { addressLink } from '../shared/ui/links.tsx'
import { Status, type Tone } from '../shared/ui/status.tsx'
import { adminPath } from './routes.ts'
import type { Miner } from './wire.ts'

type Said = readonly [tone: Tone, word: string]

const jobStates: Readonly<Record<string, Said>> = {
  QUEUED: ['caution', 'Waits'],
  RUNNING: ['neutral', 'Runs'],
  COMPLETED: ['good', 'Done'],
  FAILED: ['bad', 'Failed'],
  CANCELED: ['neutral', 'Canceled'],
  EXPIRED: ['bad', 'Expired'],
}

/** States of jobs as filters name them. */
export const jobStateChoices = Object.entries(jobStates).map(([state, [, label]]) => ({
  value: state.toLowerCase(),
  label,
}))

export const JobState = ({ state }: { state: string }) => {
  const [tone, word] =
    ownWord(jobStates, state) ?? (['neutral', codeWords(state.toLowerCase())] as const)
  return <Status tone={tone} word={word} />
}

/** Whether it can still be canceled, or be given another priority. */
export const isOpenJob = (state: string): boolean => state === 'QUEUED' || state === 'RUNNING'

export const paymentStates: Readonly<Record<string, Said>> = {
  due: ['caution', 'Due'],
  sent: ['neutral', 'Sent'],
  settled: ['good', 'Settled'],
  held: ['caution', 'Held'],
  refused: ['bad', 'Refused'],
  unpayable: ['bad', 'Unpayable'],
}

export const PaymentState = ({ state }: { state: string }) => {
  const [tone, word] = ownWord(paymentStates, state) ?? (['neutral', codeWords(state)] as const)
  return <Status tone={tone} word={word} />
}

const minerStates: Readonly<Record<Miner['status'], Said>> = {
  ONLINE: ['good', 'Online'],
  OFFLINE: ['neutral', 'Offline'],
  DRAINING: ['caution', 'Draining'],
  SUSPENDED: ['bad', 'Suspended'],
}

/** States of miners as filters name them. */
export const minerStateChoices = Object.entries(minerStates).map(([value, [, label]]) => ({
  value,
  label,
}))

export const MinerState = ({ miner }: { miner: Miner }) => {
  const [tone, word] = minerStates[miner.status]
  return <Status tone={tone} word={word} />
}

/** Whoever asked for a job: an account by its address, else a key by its public id. */
export const clientLink = (id: string) =>
  id.startsWith('aitbc1') ? addressLink(id) : <Hash value={id} what="client id" />

export const jobLink = (id: string) => (
  <Hash value={id} what="job id" href={adminPath('job', { id })} />
)

export const minerLink = (id: string) => (
  <a class="name break" href={adminPath('miner', { id })}>
    {id}
  </a>
)

export const receiptOf = (id: string) => (
  <Hash value={id} what="receipt id" href={explorerPath.receipt(id)} />
)

/** Who acted: `account:aitbc1…` and `key:admin:…` as the log names them. */
export function Actor({ name }: { name: string }) {
  const address = /^account:(aitbc1[0-9a-z]+)$/.exec(name)?.[1]
  if (address !== undefined) return addressLink(address)
  return <Hash value={name.replace(/^key:admin:/, '')} what="key id" />
}

/** `1.4 s` of milliseconds; a dash where there is nothing to take an average of. */
export const secondsWords = (ms: number): string =>
  ms === 0 ? '–' : `${(ms / 1_000).toLocaleString('en', { maximumFractionDigits: 1 })} s`

export const None = ({ children = 'none' }: { children?: string }) => (
  <span class="muted">{children}</span>
)

/** "1 job", "2 jobs". */
export const counted = (count: number, noun: string): string =>
  `${count.toLocaleString('en')} ${noun}${count === 1 ? '' : 's'}`
