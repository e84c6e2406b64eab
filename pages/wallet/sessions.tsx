/** One's sign-ins at this site, each of which can be ended. */
import { useState } from 'preact/hooks'
import { moment } from '../explorer/wire.ts'
import { keepSessionHint, sessionHint } from '../shared/frame/session-hint.ts'
import { useResource } from '../shared/live/resource.ts'
import { sendJson } from '../shared/live/send.ts'
import { flag, integer, list, object, type ShapeOf, text } from '../shared/live/shape.ts'
import { Badge } from '../shared/ui/bits.tsx'
import { Empty, Loaded, Skeleton } from '../shared/ui/states.tsx'
import { When } from '../shared/ui/time.tsx'
import { toast } from '../shared/ui/toast.tsx'

const sessionsAnswer = object({
  items: list(
    object({
      session_id: text,
      created_at: moment,
      last_used_at: moment,
      expires_at: moment,
      agent: text,
      current: flag,
    }),
  ),
})
type Session = ShapeOf<typeof sessionsAnswer>['items'][number]

const endedAnswer = object({ ended: integer(0) })

export function Sessions() {
  const [known, setKnown] = useState(sessionHint()?.address)
  if (known === undefined) {
    return (
      <Empty title="Not signed in here">
        <span>
          <a href="/wallet/sign-in?return=%2Fwallet%2Fsettings">Sign in</a> to see where your
          account is signed in, and to end it.
        </span>
      </Empty>
    )
  }
  return <SessionList onOut={() => setKnown(undefined)} />
}

function SessionList({ onOut }: { onOut: () => void }) {
  const [asked, setAsked] = useState(0)
  const sessions = useResource('/api/v1/auth/sessions', sessionsAnswer, String(asked))
  const forgotten = () => {
    keepSessionHint(undefined)
    document.dispatchEvent(new Event('aitbc:session'))
    onOut()
  }
  const end = async (session: Session) => {
    const path = `/api/v1/auth/sessions/${encodeURIComponent(session.session_id)}`
    const ended = await sendJson(path, undefined, endedAnswer, { method: 'DELETE' })
    toast(ended.ok ? 'Signed out there' : ended.error.message)
    if (ended.ok && session.current) forgotten()
    else setAsked((count) => count + 1)
  }
  const endAll = async () => {
    const ended = await sendJson('/api/v1/auth/logout', { all: true }, endedAnswer)
    toast(ended.ok ? 'Signed out everywhere' : ended.error.message)
    if (ended.ok) forgotten()
  }
  return (
    <Loaded
      resource={sessions}
      what="your sign-ins"
      loading={
        <p>
          <Skeleton size={16} />
        </p>
      }
    >
      {({ items }) => (
        <>
          <ul class="contacts">
            {items.map((session) => (
              <li key={session.session_id}>
                <span class="contact-name break">
                  {session.agent === '' ? 'unknown program' : session.agent}{' '}
                  {session.current ? <Badge>this browser</Badge> : null}
                </span>
                <span class="small muted contact-address">
                  since <When ms={session.created_at} />, last used{' '}
                  <When ms={session.last_used_at} ageOnly />
                </span>
                <button type="button" class="button button-small" onClick={() => void end(session)}>
                  Sign out<span class="visually-hidden"> there</span>
                </button>
              </li>
            ))}
          </ul>
          <div class="below-list">
            <button type="button" class="button" onClick={() => void endAll()}>
              Sign out everywhere
            </button>
          </div>
        </>
      )}
    </Loaded>
  )
}
