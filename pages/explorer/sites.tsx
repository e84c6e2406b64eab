/** This site and its peers side by side. Where they differ, each is shown; nothing is averaged. */
import { chainEdge, slowEdge } from '../shared/live/chain.ts'
import { useResource } from '../shared/live/resource.ts'
import { ownWord } from '../shared/own.ts'
import { Hash } from '../shared/ui/hash.tsx'
import { heightLink } from '../shared/ui/links.tsx'
import { Empty, Loaded } from '../shared/ui/states.tsx'
import { Status } from '../shared/ui/status.tsx'
import { type Column, Table, TableSkeleton } from '../shared/ui/table.tsx'
import { When } from '../shared/ui/time.tsx'
import { codeWords } from './kinds.ts'
import { type Offence, type Peer, type Peers, peersAnswer } from './peers-wire.ts'

type Site = Omit<Peer, 'agreement'> & {
  readonly agreement: Peer['agreement'] | 'self'
}

const unheard = <span class="muted">not heard yet</span>

const columns: readonly Column<Site>[] = [
  {
    label: 'Site',
    cell: ({ name, url }) => (
      <span class="site-name" title={url}>
        {name}
      </span>
    ),
  },
  { label: 'Agreement', cell: (site) => <Agreement site={site} /> },
  {
    label: 'Head',
    cell: ({ height }) => height?.toLocaleString('en') ?? unheard,
    numeric: true,
  },
  {
    label: 'Final',
    cell: ({ final_height: height }) => height?.toLocaleString('en') ?? unheard,
    numeric: true,
  },
  { label: 'Lag', cell: (site) => lagWords(site) },
  {
    label: 'Head hash',
    cell: ({ head_hash: hash }) => (hash ? <Hash value={hash} what="head hash" /> : unheard),
  },
  {
    label: 'Last seen',
    cell: ({ last_seen: ms, agreement }) =>
      agreement === 'self' ? 'now' : ms === undefined ? unheard : <When ms={ms} ageOnly />,
  },
  {
    label: 'Last failure',
    cell: ({ failure }) =>
      failure ? (
        <span class="break" title={failure.message}>
          {codeWords(failure.code.toLowerCase())}
          {failure.count > 1 ? `, ${failure.count} times` : ''}, since{' '}
          <When ms={failure.since} ageOnly />
        </span>
      ) : (
        <span class="muted">none</span>
      ),
  },
]

export function Sites({ authorities }: { authorities: number }) {
  const found = useResource('/rpc/peers', peersAnswer, `${chainEdge.value} ${slowEdge.value}`)
  if (found.phase === 'failed' && found.failure.code === 'NOT_FOUND') {
    return (
      <Empty title="This site does not tell of others">
        <span>It has no list of peers, so whether another site agrees is not known here.</span>
      </Empty>
    )
  }
  return (
    <Loaded
      resource={found}
      what="how this site stands among others"
      loading={<TableSkeleton caption="Sites" columns={columns} rows={2} />}
    >
      {(answer) => (
        <>
          <Faults answer={answer} />
          <Table
            caption="This site and its peers"
            columns={columns}
            rows={sitesOf(answer)}
            keyOf={({ url }) => url}
          />
          {answer.peers.length === 0 ? (
            <Alone authorities={authorities} />
          ) : (
            <Forks answer={answer} />
          )}
          {answer.peers.length === 0 ? null : (
            <p class="small muted below">
              Of others, this is what this site heard from them. To see what one of them says
              itself, open its own explorer.
            </p>
          )}
          <Offences offences={answer.offences} />
        </>
      )}
    </Loaded>
  )
}

/** What one site cannot show. */
function Alone({ authorities }: { authorities: number }) {
  return (
    <div class="below">
      <Empty title="One site keeps this chain">
        <span>
          {authorities === 1
            ? 'Its only authority decides alone what is final. '
            : 'It names no peer to compare itself with. '}
          A second site would keep the same blocks, show here how far it lags and whether it agrees,
          and go on when this one is away.{' '}
          <a href="/docs/join-a-second-site.html">Join a second site</a>.
        </span>
      </Empty>
    </div>
  )
}

const sitesOf = (answer: Peers): readonly Site[] => [
  {
    url: '/',
    name: `${answer.name} (this site)`,
    height: answer.height,
    final_height: answer.final_height,
    head_hash: answer.head_hash,
    final_hash: answer.final_hash,
    lag_blocks: 0,
    last_seen: undefined,
    agreement: 'self',
    failure: undefined,
    backed_off_until: undefined,
  },
  ...answer.peers,
]

function Agreement({ site: { agreement } }: { site: Site }) {
  switch (agreement) {
    case 'self':
      return <span class="muted">itself</span>
    case 'yes':
      return <Status tone="good" word="Agrees" />
    case 'no':
      return <Status tone="bad" word="Disagrees" />
    case 'unknown':
      return <Status tone="caution" word="Not known" />
  }
}

function lagWords({ agreement, lag_blocks: lag }: Site) {
  if (agreement === 'self') return <span class="muted">itself</span>
  if (lag === undefined) return unheard
  if (lag === 0) return 'level'
  const count = Math.abs(lag)
  const blocks = `${count.toLocaleString('en')} ${count === 1 ? 'block' : 'blocks'}`
  return lag > 0 ? `${blocks} behind` : `${blocks} ahead`
}

/** Why this site itself makes no blocks, where it should. */
function Faults({ answer: { fault } }: { answer: Peers }) {
  if (fault === undefined) return null
  return (
    <div class="note note-caution">
      <strong>This site signs nothing now</strong>
      <span class="break">{codeWords(fault)}</span>
    </div>
  )
}

/** Where two sites hold different blocks, both are named. */
function Forks({ answer }: { answer: Peers }) {
  const apart = answer.peers.filter(({ agreement }) => agreement === 'no')
  const differing = answer.peers.filter(
    ({ agreement, height, head_hash: hash }) =>
      agreement !== 'no' && height === answer.height && hash !== answer.head_hash,
  )
  if (apart.length + differing.length === 0) return null
  return (
    <div class="forks">
      {apart.map((peer) => (
        <Fork
          key={peer.url}
          title={`${peer.name} holds another final block`}
          words="Final blocks never differ between honest sites: at least one of the two is wrong, or keeps another chain. Do not take either as settled before it is known which."
          sides={[
            ['This site', answer.final_height, answer.final_hash],
            [peer.name, peer.final_height, peer.final_hash],
          ]}
          isBad
        />
      ))}
      {differing.map((peer) => (
        <Fork
          key={peer.url}
          title={`${peer.name} has another head`}
          words="Neither is final yet. One of them will be, and the other is dropped with its block."
          sides={[
            ['This site', answer.height, answer.head_hash],
            [peer.name, peer.height, peer.head_hash],
          ]}
        />
      ))}
    </div>
  )
}

type Side = readonly [name: string, height: number | undefined, hash: string | undefined]

type ForkProps = { title: string; words: string; sides: readonly Side[]; isBad?: boolean }

function Fork({ title, words, sides, isBad = false }: ForkProps) {
  return (
    <section class={isBad ? 'note note-failed fork' : 'note note-caution fork'}>
      <strong class="break">{title}</strong>
      <span>{words}</span>
      <div class="fork-sides">
        {sides.map(([name, height, hash]) => (
          <div key={name}>
            <span class="small break">{name}</span>
            <span class="figure">{height === undefined ? 'not known' : heightLink(height)}</span>
            {hash === undefined ? null : <Hash value={hash} what="block hash" />}
          </div>
        ))}
      </div>
    </section>
  )
}

const offenceWords: Readonly<Record<string, string>> = {
  double_block: 'made two blocks for one slot',
  double_vote: 'voted twice for one slot',
  double_commit: 'committed twice for one slot',
  crossed: 'voted and committed against itself',
}

/** What only a dishonest authority, or a copied key, can have signed. */
function Offences({ offences }: { offences: readonly Offence[] }) {
  if (offences.length === 0) return null
  return (
    <div class="note note-failed below">
      <strong>Signed against the rules</strong>
      <ul class="offences">
        {offences.map(({ kind, name, slot, found_at: ms, authority }) => (
          <li key={`${authority} ${slot} ${kind}`}>
            <span class="break">{name}</span> {ownWord(offenceWords, kind) ?? codeWords(kind)}, slot{' '}
            {slot.toLocaleString('en')}, found <When ms={ms} ageOnly />
          </li>
        ))}
      </ul>
    </div>
  )
}
