/** How a machine comes to be here: our agent, or a program of the original with a key of this account. */
import { useState } from 'preact/hooks'
import { keyWithSecret } from '../shared/account-wire.ts'
import { sendJson } from '../shared/live/send.ts'
import { Disclosure } from '../shared/ui/bits.tsx'
import { CopyButton } from '../shared/ui/copy.tsx'
import { TextField } from '../shared/ui/form/fields.tsx'
import { Form } from '../shared/ui/form/form.tsx'

export function Connect({ address }: { address: string }) {
  const [name, setName] = useState('my machine')
  const [secret, setSecret] = useState<string>()
  return (
    <>
      <p class="lead">
        The miner agent has a key of its own and signs what it computes; it needs no key of this
        site. Prices, by the token and by the hour, are options of the agent: a change stands in the
        list as soon as it is connected again. <a href="/docs/run-a-miner.html">Run a miner</a>.
      </p>
      <Disclosure summary="A program of the original instead">
        {secret === undefined ? (
          <Form
            label="Key for a machine"
            send="Make the key"
            cost="Its secret is shown once"
            check={() =>
              name.trim() === '' ? [{ field: 'name', message: 'Give the key a name.' }] : []
            }
            onSend={async () => {
              const body = { name: name.trim(), scopes: ['miner'], payout: address }
              const sent = await sendJson('/api/v1/account/keys', body, keyWithSecret)
              if (!sent.ok) {
                return {
                  happened: sent.error.message,
                  money: 'A key costs nothing.',
                  remedy: 'Try again, or look under your keys.',
                }
              }
              setSecret(sent.value.secret)
              return undefined
            }}
          >
            <TextField
              name="name"
              label="Name of the key"
              required
              hint="It serves jobs over HTTP, unsigned, and is paid to the address above."
              value={name}
              maxLength={64}
              onValue={setName}
            />
          </Form>
        ) : (
          <section class="note note-caution" aria-label="The new secret">
            <strong>Keep it now: it is shown this once</strong>
            <span class="secret-value">
              <code class="break">{secret}</code>
              <CopyButton value={secret} what="the secret" />
            </span>
            <button
              type="button"
              class="button button-primary button-small"
              onClick={() => setSecret(undefined)}
            >
              I have kept it
            </button>
          </section>
        )}
      </Disclosure>
    </>
  )
}
