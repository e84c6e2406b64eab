/** Makes a wallet: words to write down, proof that they were, a password. Nothing is kept before the end. */
import { useEffect, useRef, useState } from 'preact/hooks'
import type { Problem } from '../shared/ui/form/context.ts'
import { TextField } from '../shared/ui/form/fields.tsx'
import { Form } from '../shared/ui/form/form.tsx'
import { Skeleton } from '../shared/ui/states.tsx'
import { type Trouble, TroubleNote } from '../shared/ui/trouble.tsx'
import { askVault } from '../shared/vault/client.ts'
import {
  type NewPassword,
  NewPasswordFields,
  noPassword,
  passwordProblems,
} from './new-password.tsx'
import { askedPositions } from './quiz.ts'
import { vaultTrouble } from './trouble.ts'

type Step = 'words' | 'quiz' | 'password'
const steps = [
  { id: 'words', label: 'Write down' },
  { id: 'quiz', label: 'Check' },
  { id: 'password', label: 'Password' },
] as const

export function CreateWallet() {
  const [step, setStep] = useState<Step>('words')
  const [words, setWords] = useState<readonly string[]>()
  const [trouble, setTrouble] = useState<Trouble>()
  const heading = useRef<HTMLHeadingElement>(null)
  const first = useRef(true)
  useEffect(() => {
    void askVault('newWords', { count: 12 }).then((made) => {
      if (made.ok) setWords(made.value.words.split(' '))
      else setTrouble(vaultTrouble(made.error))
    })
  }, [])
  useEffect(() => {
    if (!first.current) heading.current?.focus()
    first.current = false
  }, [step])
  return (
    <>
      <h1 tabIndex={-1} ref={heading}>
        Create a wallet
      </h1>
      <ol class="stages" aria-label="Steps">
        {steps.map(({ id, label }, index) => (
          <li key={id} aria-current={id === step ? 'step' : undefined}>
            <span class="figure">{index + 1}</span> {label}
          </li>
        ))}
      </ol>
      {trouble ? <TroubleNote trouble={trouble} /> : null}
      {words === undefined ? (
        <p aria-busy={trouble === undefined}>
          <Skeleton size={16} />
        </p>
      ) : step === 'words' ? (
        <WordsStep words={words} onNext={() => setStep('quiz')} />
      ) : step === 'quiz' ? (
        <QuizStep
          words={words}
          onBack={() => setStep('words')}
          onNext={() => setStep('password')}
        />
      ) : (
        <PasswordStep words={words} />
      )}
    </>
  )
}

/** Backup words, numbered; they are text and can be read aloud, but nothing copies them. */
export function WordList({ words }: { words: readonly string[] }) {
  return (
    <ol class="words" aria-label="Backup words">
      {words.map((word, index) => (
        <li key={`${index} ${word}`}>
          <span class="words-number figure">{index + 1}</span>
          <span class="mono">{word}</span>
        </li>
      ))}
    </ol>
  )
}

function WordsStep({ words, onNext }: { words: readonly string[]; onNext: () => void }) {
  return (
    <div class="form">
      <p>
        Write these twelve words on paper, in this order. They are the wallet: whoever has them has
        the money, and without them a lost browser or password means lost money.
      </p>
      <WordList words={words} />
      <div class="note note-caution">
        <strong>Paper, not a picture</strong>
        <span>
          No photo, no cloud, no message. Nobody at this site knows them, and nobody will ever ask.
        </span>
      </div>
      <div class="form-foot">
        <a class="button" href="/wallet/">
          Cancel
        </a>
        <button type="button" class="button button-primary" onClick={onNext}>
          I have written them down
        </button>
      </div>
    </div>
  )
}

const asked = 3

type QuizProps = { words: readonly string[]; onBack: () => void; onNext: () => void }

function QuizStep({ words, onBack, onNext }: QuizProps) {
  const [positions] = useState(() => askedPositions(words.length, asked))
  const [typed, setTyped] = useState<Readonly<Record<number, string>>>({})
  const check = (): readonly Problem[] =>
    positions
      .filter((at) => (typed[at] ?? '').trim().toLowerCase() !== words[at])
      .map((at) => ({
        field: `word-${at + 1}`,
        message: `Word ${at + 1} is another. Look at your paper.`,
      }))
  return (
    <>
      <p class="wallet-lead">
        Type these from your paper, to be sure that it can bring the wallet back.
      </p>
      <Form
        label="Check your words"
        send="Go on"
        check={check}
        onSend={async () => {
          onNext()
          return undefined
        }}
        cost={
          <button type="button" class="text-button" onClick={onBack}>
            Show the words again
          </button>
        }
      >
        {positions.map((at) => (
          <TextField
            key={at}
            name={`word-${at + 1}`}
            label={`Word ${at + 1}`}
            required
            mono
            value={typed[at] ?? ''}
            maxLength={20}
            onValue={(text) => setTyped((before) => ({ ...before, [at]: text }))}
          />
        ))}
      </Form>
    </>
  )
}

function PasswordStep({ words }: { words: readonly string[] }) {
  const [password, setPassword] = useState<NewPassword>(noPassword)
  return (
    <>
      <p class="wallet-lead">
        The password encrypts the keys in this browser. Making it hard to guess is worth it: whoever
        copies this browser’s data can try as often as they like.
      </p>
      <Form
        label="Choose a password"
        send="Create the wallet"
        check={() => passwordProblems(password)}
        onSend={async () => {
          const made = await askVault('create', {
            password: password.text,
            secret: { kind: 'words', words: words.join(' ') },
            name: 'Account 1',
          })
          return made.ok ? undefined : vaultTrouble(made.error)
        }}
      >
        <NewPasswordFields label="Password" value={password} onValue={setPassword} />
      </Form>
    </>
  )
}
