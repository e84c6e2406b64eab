/** One job, and what an administrator can do with it. */

import { useState } from 'preact/hooks'
import { Title } from '../explorer/parts.tsx'
import { slowEdge } from '../shared/live/chain.ts'
import { useResource } from '../shared/live/resource.ts'
import { sendJson } from '../shared/live/send.ts'
import { Amount } from '../shared/ui/amount.tsx'
import { RadioField } from '../shared/ui/form/choices.tsx'
import { Hash } from '../shared/ui/hash.tsx'
import { escrowLink } from '../shared/ui/links.tsx'
import { Pairs } from '../shared/ui/pairs.tsx'
import { Empty, Failed, Loaded, Skeleton } from '../shared/ui/states.tsx'
import { When } from '../shared/ui/time.tsx'
import { Act } from './act.tsx'
import { acts } from './outcome.tsx'
import { adminPath } from './routes.ts'
import { type Job, jobAnswer } from './wire.ts'
import {
  clientLink,
  isOpenJob,
  JobState,
  minerLink,
  None,
  PaymentState,
  receiptOf,
} from './words.tsx'

const pathOf = (id: string) => `/api/v1/admin/jobs/${encodeURIComponent(id)}`

export function JobPage({ id }: { id: string }) {
  const found = useResource(pathOf(id), jobAnswer, `${slowEdge.value} ${acts.value}`)
  if (found.phase === 'failed') {
    return (
      <>
        <Title>Job</Title>
        {found.failure.code === 'NOT_FOUND' ? (
          <Empty title="No such job at this site">
            <span class="break">{id}</span>
            <a class="button button-small" href={adminPath('jobs')}>
              To all jobs
            </a>
          </Empty>
        ) : (
          <Failed what="the job" failure={found.failure} retry={found.retry} />
        )}
      </>
    )
  }
  return (
    <>
      <Title beside={found.phase === 'ready' ? <JobState state={found.value.state} /> : undefined}>
        Job
      </Title>
      <Loaded resource={found} what="the job" loading={<Skeleton size={16} />}>
        {(job) => (
          <>
            <Facts job={job} />
            {isOpenJob(job.state) ? (
              <div class="acts">
                <Cancel job={job} />
                {job.state === 'QUEUED' ? <Prioritise job={job} /> : null}
              </div>
            ) : job.payment === 'held' ? (
              <p class="below">
                Its payment waits for a decision: <a href={adminPath('held')}>held results</a>.
              </p>
            ) : null}
          </>
        )}
      </Loaded>
    </>
  )
}

function Facts({ job }: { job: Job }) {
  return (
    <Pairs
      pairs={[
        ['Id', <Hash value={job.job_id} what="job id" whole />],
        ['Client', clientLink(job.client_id)],
        ['Model', job.model === '' ? <None>none named</None> : job.model],
        [
          'Miner',
          job.assigned_miner_id === undefined ? <None /> : minerLink(job.assigned_miner_id),
        ],
        ['Priority', job.priority],
        ['Attempts', job.attempts],
        job.error === undefined
          ? undefined
          : ['What went wrong', <span class="break">{job.error}</span>],
        ['Asked', <When ms={job.requested_at} />],
        job.ended_at === undefined
          ? ['Its time is over', <When ms={job.expires_at} />]
          : ['Ended', <When ms={job.ended_at} />],
        ['At most', <Amount units={job.limit} />],
        [
          'Charged',
          job.amount === undefined ? <None>nothing</None> : <Amount units={job.amount} />,
        ],
        job.payment === undefined ? undefined : ['Payment', <PaymentState state={job.payment} />],
        job.receipt_id === undefined ? undefined : ['Receipt', receiptOf(job.receipt_id)],
        ['Paid out of', escrowLink(job.escrow)],
      ]}
    />
  )
}

function Cancel({ job }: { job: Job }) {
  return (
    <Act
      label="Cancel the job"
      title="Cancel this job?"
      confirm="Cancel the job"
      isDangerous
      send={(reason) => sendJson(pathOf(job.job_id), { reason }, jobAnswer, { method: 'DELETE' })}
      told={(after) =>
        after.state === 'CANCELED'
          ? 'The job is canceled'
          : `The job is ${after.state.toLowerCase()}`
      }
    >
      It ends now and cannot be taken up again. The client is told that an administrator canceled
      it. What a miner has delivered of an answer is still paid, the rest of the money goes back.
    </Act>
  )
}

const priorities = [
  { value: 'high', label: 'High', hint: 'Before all others that wait' },
  { value: 'normal', label: 'Normal' },
  { value: 'low', label: 'Low', hint: 'Behind all others that wait' },
] as const

function Prioritise({ job }: { job: Job }) {
  const [priority, setPriority] = useState<string>('high')
  return (
    <Act
      label="Change the priority"
      title="Give this job another priority?"
      confirm="Change the priority"
      fields={
        <RadioField
          name="priority"
          label="Priority"
          required
          choices={priorities}
          value={priority}
          onValue={setPriority}
        />
      }
      send={(reason) =>
        sendJson(`${pathOf(job.job_id)}/prioritize`, { priority, reason }, jobAnswer)
      }
      told={(after) => `The job has ${after.priority} priority`}
    >
      It waits with {job.priority} priority. Its price stays as it is.
    </Act>
  )
}
