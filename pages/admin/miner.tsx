/** One miner: how it stands, its figures and jobs, and whether it gets more work. */
import { useState } from 'preact/hooks'
import { Title } from '../explorer/parts.tsx'
import { slowEdge } from '../shared/live/chain.ts'
import { useResource } from '../shared/live/resource.ts'
import { sendJson } from '../shared/live/send.ts'
import { RadioField } from '../shared/ui/form/choices.tsx'
import { minerLink as paidLink } from '../shared/ui/links.tsx'
import { Pairs } from '../shared/ui/pairs.tsx'
import { Empty, Failed, Loaded, Skeleton } from '../shared/ui/states.tsx'
import { When } from '../shared/ui/time.tsx'
import { Act } from './act.tsx'
import { AdminList } from './admin-list.tsx'
import { jobColumns } from './jobs.tsx'
import { acts } from './outcome.tsx'
import { adminPath } from './routes.ts'
import { jobRow, type Miner, minerAnswer } from './wire.ts'
import { counted, MinerState, None, receiptOf, secondsWords } from './words.tsx'

const pathOf = (id: string) => `/api/v1/admin/miners/${encodeURIComponent(id)}`

export function MinerPage({ id }: { id: string }) {
  const found = useResource(pathOf(id), minerAnswer, `${slowEdge.value} ${acts.value}`)
  if (found.phase === 'failed') {
    return (
      <>
        <Title>Miner</Title>
        {found.failure.code === 'NOT_FOUND' ? (
          <Empty title="No such miner at this site">
            <span class="break">{id}</span>
            <a class="button button-small" href={adminPath('miners')}>
              To all miners
            </a>
          </Empty>
        ) : (
          <Failed what="the miner" failure={found.failure} retry={found.retry} />
        )}
      </>
    )
  }
  return (
    <>
      <Title beside={found.phase === 'ready' ? <MinerState miner={found.value} /> : undefined}>
        <span class="break">{id}</span>
      </Title>
      <Loaded resource={found} what="the miner" loading={<Skeleton size={16} />}>
        {(miner) => (
          <>
            <Standing miner={miner} />
            <Facts miner={miner} />
          </>
        )}
      </Loaded>
      <h2 class="section-title">Its jobs</h2>
      <AdminList
        view="miner"
        path="/jobs"
        noun="jobs of this miner"
        item={jobRow}
        columns={jobColumns.filter(({ label }) => label !== 'Miner')}
        keyOf={({ job_id: job }) => job}
        fixed={{ miner: id }}
        of={{ id }}
        empty={
          <Empty title="It has had no job">
            <span>Each that it takes stands here, whatever became of it.</span>
          </Empty>
        }
      />
    </>
  )
}

/** How administrators let it stand, why, and the way to change it. */
function Standing({ miner }: { miner: Miner }) {
  const { standing, standing_reason: reason, standing_since: since } = miner
  return (
    <>
      {standing === 'active' ? null : (
        <div class="note note-caution">
          <strong>
            {standing === 'suspended' ? 'Suspended' : 'Draining'} <When ms={since} ageOnly />
          </strong>
          <span class="break">{reason || 'No reason was given.'}</span>
          <span>It gets no more work, under whatever name its key comes back.</span>
        </div>
      )}
      <div class="acts">
        {standing === 'active' ? null : <Activate miner={miner} />}
        {standing === 'suspended' ? null : <Deactivate miner={miner} />}
      </div>
    </>
  )
}

function Activate({ miner: { miner_id: id } }: { miner: Miner }) {
  return (
    <Act
      label="Let it work again"
      title={`Let ${id} work again?`}
      confirm="Let it work again"
      send={(reason) => sendJson(`${pathOf(id)}/activate`, { reason }, minerAnswer)}
      told={(after) =>
        after.status === 'ONLINE'
          ? `${id} works again`
          : `${id} may work again, as soon as it is online`
      }
    >
      It gets jobs again like any other.
    </Act>
  )
}

function Deactivate({ miner: { miner_id: id, standing, inflight } }: { miner: Miner }) {
  const [mode, setMode] = useState('drain')
  const isDraining = standing === 'draining'
  const chosen = isDraining ? 'suspend' : mode
  return (
    <Act
      label={isDraining ? 'Suspend' : 'Drain or suspend'}
      title={`Stop giving work to ${id}?`}
      confirm={chosen === 'suspend' ? 'Suspend the miner' : 'Drain the miner'}
      isDangerous
      fields={
        isDraining ? undefined : (
          <RadioField
            name="mode"
            label="What it works on now"
            required
            choices={[
              {
                value: 'drain',
                label: 'Drain',
                hint: 'It finishes what it has, and is paid for it',
              },
              {
                value: 'suspend',
                label: 'Suspend',
                hint: 'What it has goes to other miners at once',
              },
            ]}
            value={mode}
            onValue={setMode}
          />
        )
      }
      send={(reason) => sendJson(`${pathOf(id)}/deactivate`, { mode: chosen, reason }, minerAnswer)}
      told={(after) => `${id} is ${after.standing}`}
    >
      It works on {counted(inflight, 'job')} and gets no more until somebody lets it, also under
      another name or after a restart. What it earned stays its own.
    </Act>
  )
}

function Facts({ miner }: { miner: Miner }) {
  const { payout, models, last_receipt_id: receipt } = miner
  return (
    <Pairs
      pairs={[
        ['Works on', `${miner.inflight} of ${counted(miner.concurrency, 'place')}`],
        [
          'Models',
          models.length === 0 ? (
            <None>not known while it is away</None>
          ) : (
            <span class="break">{models.join(', ')}</span>
          ),
        ],
        ['Program', miner.kind === 'agent' ? 'the agent' : 'one of the original'],
        ['Region', miner.region ?? <None>not said</None>],
        ['Jobs', `${counted(miner.jobs_completed, 'job')} done, ${miner.jobs_failed} failed`],
        ['A job takes', secondsWords(miner.average_job_duration_ms)],
        [
          'Seen',
          miner.last_heartbeat === undefined ? (
            <None>never</None>
          ) : (
            <When ms={miner.last_heartbeat} />
          ),
        ],
        ['Paid at', payout === undefined ? <None>no address</None> : paidLink(payout)],
        receipt === undefined ? undefined : ['Last receipt', receiptOf(receipt)],
      ]}
    />
  )
}
