import { useState } from 'preact/hooks'
import { CheckField, RadioField } from '../../shared/ui/form/choices.tsx'
import {
  FileField,
  NumberField,
  PasswordField,
  SelectField,
  TextAreaField,
  TextField,
} from '../../shared/ui/form/fields.tsx'
import { Form } from '../../shared/ui/form/form.tsx'

export function FieldsSample() {
  return (
    <Form
      label="Every kind of field"
      check={() => []}
      onSend={async () => undefined}
      send="Send job"
      disabled="This form only shows its fields."
    >
      <TypedFields />
      <ChosenFields />
    </Form>
  )
}

function TypedFields() {
  const [label, setLabel] = useState('')
  const [seconds, setSeconds] = useState('soon')
  const [prompt, setPrompt] = useState('')
  const [secret, setSecret] = useState('')
  return (
    <>
      <TextField
        name="label"
        label="Label"
        hint="Kept in this browser."
        value={label}
        onValue={setLabel}
      />
      <NumberField
        name="ttl"
        label="Time to live"
        unit="seconds"
        value={seconds}
        onValue={setSeconds}
        required
        error={/^\d+$/.test(seconds) ? undefined : 'Use digits only, such as 900.'}
      />
      <TextAreaField
        name="prompt"
        label="Prompt"
        lengthMax={400}
        value={prompt}
        onValue={setPrompt}
      />
      <PasswordField
        name="secret"
        label="Passphrase"
        autoComplete="new-password"
        value={secret}
        onValue={setSecret}
        required
      />
      <TextField
        name="region"
        label="Region"
        value=""
        onValue={() => {}}
        disabled="Miners do not say where they are yet."
      />
    </>
  )
}

function ChosenFields() {
  const [model, setModel] = useState('')
  const [choice, setChoice] = useState('any')
  const [keep, setKeep] = useState(true)
  const [file, setFile] = useState<string>()
  return (
    <>
      <SelectField
        name="model"
        label="Model"
        value={model}
        onValue={setModel}
        required
        options={[
          { value: '', label: 'Choose a model' },
          { value: 'aitbc-tiny', label: 'aitbc-tiny' },
        ]}
      />
      <FileField
        name="keystore"
        label="Keystore"
        accept=".json"
        hint={file}
        onFile={(chosen) => setFile(chosen?.name)}
      />
      <RadioField
        name="miner"
        label="Miner"
        value={choice}
        onValue={setChoice}
        required
        choices={[
          { value: 'any', label: 'Any miner', hint: 'The first that is free.' },
          { value: 'known', label: 'One that I used before' },
        ]}
      />
      <CheckField
        name="keep"
        label="I keep the receipt myself"
        checked={keep}
        onChecked={setKeep}
      />
    </>
  )
}
