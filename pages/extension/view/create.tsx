/** Makes the wallet: words and a quiz on them, or keys that are brought along, then a password. */
import { useEffect, useState } from 'preact/hooks'
import { Note } from '../../shared/ui/bits.tsx'
import type { Problem } from '../../shared/ui/form/context.ts'
import { PasswordField, TextField } from '../../shared/ui/form/fields.tsx'
import { Form } from '../../shared/ui/form/form.tsx'
import { type Secret, vaultLimits } from '../../shared/vault/messages.ts'
import { askVault } from '../panel-calls.ts'
import { Bring } from './bring.tsx'
import { wordsOf } from './use-panel.ts'

type Step =
  | { readonly at: 'choose' }
  | { readonly at: 'words'; readonly words: string }
  | { readonly at: 'quiz'; readonly words: string }
  | { readonly at: 'bring' }
  | { readonly at: 'password'; readonly secret: Secret }

export function Create({ onMade }: { onMade: () => void }) {
  const [step, setStep] = useState<Step>({ at: 'choose' })
  const choose = () => setStep({ at: 'choose' })
  switch (step.at) {
    case 'choose':
      return (
        <Choose
          onNew={async () => {
            const { words } = await askVault('newWords', { count: 24 })
            setStep({ at: 'words', words })
          }}
          onBring={() => setStep({ at: 'bring' })}
        />
      )
    case 'words':
      return (
        <Words
          words={step.words}
          onNext={() => setStep({ at: 'quiz', words: step.words })}
          onBack={choose}
        />
      )
    case 'quiz':
      return (
        <Quiz
          words={step.words}
          onDone={() => setStep({ at: 'password', secret: { kind: 'words', words: step.words } })}
          onBack={() => setStep({ at: 'words', words: step.words })}
        />
      )
    case 'bring':
      return <Bring onSecret={(secret) => setStep({ at: 'password', secret })} onBack={choose} />
    case 'password':
      return <NewPassword secret={step.secret} onMade={onMade} />
  }
}

function Choose({ onNew, onBring }: { onNew: () => Promise<void>; onBring: () => void }) {
  return (
    <section class="stack">
      <h2>Make or bring a key</h2>
      <p class="small">
        The keys stay in this browser, encrypted under a password. No site and no server ever sees
        them, and nobody can bring them back for you.
      </p>
      <div class="row">
        <button type="button" class="button button-primary" onClick={() => void onNew()}>
          Make new keys
        </button>
        <button type="button" class="button" onClick={onBring}>
          Bring keys along
        </button>
      </div>
    </section>
  )
}

function Words({
  words,
  onNext,
  onBack,
}: {
  words: string
  onNext: () => void
  onBack: () => void
}) {
  return (
    <section class="stack">
      <h2>Write down these 24 words</h2>
      <Note title="Whoever has these words has the money" tone="caution">
        Write them on paper, in this order. They are shown here once more only if you ask for them
        with your password.
      </Note>
      <ol class="words" aria-label="Backup words">
        {words.split(' ').map((word, index) => (
          <li key={`${index}${word}`}>{word}</li>
        ))}
      </ol>
      <div class="row">
        <button type="button" class="button" onClick={onBack}>
          Go back
        </button>
        <button type="button" class="button button-primary" onClick={onNext}>
          I have written them down
        </button>
      </div>
    </section>
  )
}

const quizCount = 3

function Quiz({
  words,
  onDone,
  onBack,
}: {
  words: string
  onDone: () => void
  onBack: () => void
}) {
  const list = words.split(' ')
  const [asked] = useState(() => someOf(list.length))
  const [typed, setTyped] = useState<Record<number, string>>({})
  return (
    <section class="stack">
      <h2>Check your notes</h2>
      <Form
        label="Check the backup"
        send="Check"
        check={() =>
          asked.flatMap((index): Problem[] =>
            (typed[index] ?? '').trim().toLowerCase() === list[index]
              ? []
              : [{ field: `word-${index}`, message: `Word ${index + 1} is another one.` }],
          )
        }
        onSend={async () => {
          onDone()
          return undefined
        }}
      >
        {asked.map((index) => (
          <TextField
            key={index}
            name={`word-${index}`}
            label={`Word ${index + 1}`}
            required
            mono
            value={typed[index] ?? ''}
            onValue={(value) => setTyped({ ...typed, [index]: value })}
          />
        ))}
      </Form>
      <button type="button" class="text-button" onClick={onBack}>
        Show the words again
      </button>
    </section>
  )
}

/** Some places of the words, in order, by the browser's random numbers. */
function someOf(length: number): number[] {
  const places = Array.from({ length }, (_, index) => index)
  const random = crypto.getRandomValues(new Uint32Array(length))
  places.sort((a, b) => (random[a] as number) - (random[b] as number))
  return places.slice(0, quizCount).sort((a, b) => a - b)
}

function NewPassword({ secret, onMade }: { secret: Secret; onMade: () => void }) {
  const [password, setPassword] = useState('')
  const [again, setAgain] = useState('')
  const judged = useJudgement(password)
  const check = (): Problem[] => {
    const found: Problem[] = []
    if (judged?.isWeak !== false) {
      found.push({ field: 'password', message: judged?.words ?? 'The password is being judged.' })
    }
    if (again !== password) found.push({ field: 'again', message: 'The two are not the same.' })
    return found
  }
  return (
    <section class="stack">
      <h2>Choose a password</h2>
      <Form
        label="Choose a password"
        send="Make the wallet"
        check={check}
        onSend={async () => {
          try {
            await askVault('create', { password, secret, name: 'Account 1' })
            onMade()
            return undefined
          } catch (error) {
            const remedy = 'Change what it says and try again.'
            return { happened: wordsOf(error), money: 'Nothing was kept.', remedy }
          }
        }}
      >
        <PasswordField
          name="password"
          label="Password"
          hint={
            <span aria-live="polite">
              {judged?.words ?? 'Several unrelated words are strong, and easy to remember.'}
            </span>
          }
          required
          autoComplete="new-password"
          value={password}
          onValue={setPassword}
        />
        <PasswordField
          name="again"
          label="The same again"
          required
          autoComplete="new-password"
          value={again}
          onValue={setAgain}
        />
      </Form>
    </section>
  )
}

type Judgement = { readonly isWeak: boolean; readonly words: string }

/** Undefined while nothing is typed or the judge is still being fetched. */
function useJudgement(password: string): Judgement | undefined {
  const [held, setHeld] = useState<{ password: string; judged: Judgement }>()
  useEffect(() => {
    let isCurrent = true
    if (password !== '') {
      void judge(password).then((judged) => isCurrent && setHeld({ password, judged }))
    }
    return () => {
      isCurrent = false
    }
  }, [password])
  return held?.password === password ? held.judged : undefined
}

/** By the estimator that every wallet of ours uses; it is large, and fetched here alone. */
async function judge(password: string): Promise<Judgement> {
  const { strengthOf } = await import('../../shared/vault/password-strength.ts')
  const { isEnough, words, advice } = strengthOf(password)
  const { min } = vaultLimits.passwordChars
  if (password.length < min) return { isWeak: true, words: `Use at least ${min} characters.` }
  return { isWeak: !isEnough, words: `${words}. ${advice}`.trim() }
}
