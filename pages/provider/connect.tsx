/** How a machine comes to be here: our agent, or a program of the original with a key of this account. */
import { useState } from 'preact/hooks'
import { keyWithSecret } from '../shared/account-wire.ts'
import { sendJson } from '../shared/live/send.ts'
import { Disclosure, Progress } from '../shared/ui/bits.tsx'
import { CopyButton, CopyListing } from '../shared/ui/copy.tsx'
import { TextField } from '../shared/ui/form/fields.tsx'
import { Form } from '../shared/ui/form/form.tsx'
import { Status } from '../shared/ui/status.tsx'

type ConnectProps = {
  address: string
  /** Whether a machine of this address is connected now. */
  isHere: boolean
}

export function Connect({ address, isHere }: ConnectProps) {
  const [name, setName] = useState('my machine')
  const [secret, setSecret] = useState<string>()
  return (
    <>
      <p class="lead">
        From an empty machine with a GPU. The miner makes a key of its own, which signs what it
        computes and is paid for it; it needs no key of this site and no permission.{' '}
        <a href="/docs/run-a-miner.html">Run a miner</a> has the same at length.
      </p>
      <Steps isHere={isHere} />
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

/** Nothing of these lines comes from anybody but this site. */
const stepsOf = (origin: string) =>
  [
    {
      does: 'Install Node.js 20.19 or newer and Ollama, and pull a model that fits the memory of your card.',
      command: 'ollama pull llama3.2:1b',
    },
    {
      does: 'Take the miner, one file, and see what it would offer. It makes its key now: keep the password.',
      command: [
        `curl -fsS -o miner.mjs ${origin}/agent/miner.mjs`,
        "export AITBC_KEY_PASSWORD='a long password of your own'",
        'node miner.mjs --id my-gpu --engine ollama --dry-run',
      ].join('\n'),
    },
    {
      does: 'Start it with your prices. Its log says “connected” and names the address that is paid.',
      command: `node miner.mjs --id my-gpu --engine ollama \\\n  --api ${origin} \\\n  --price-in 0.02 --price-out 0.05`,
    },
    {
      does: 'See it here: sign in with the key that is paid. In the project’s folder this shows its recovery words, which your wallet imports.',
      command: 'npm run -s client -- wallet --wallet miner:my-gpu export',
    },
  ] as const

function Steps({ isHere }: { isHere: boolean }) {
  return (
    <ol class="steps">
      {stepsOf(location.origin).map(({ does, command }) => (
        <li key={command}>
          {does}
          <CopyListing text={command} what="the commands" />
        </li>
      ))}
      <li>
        <div role="status">
          {isHere ? (
            <>
              <Status tone="good" word="Connected" /> A machine of this address is here.
            </>
          ) : (
            <Progress label="Waiting for a machine that is paid to this address" />
          )}
        </div>
      </li>
    </ol>
  )
}
