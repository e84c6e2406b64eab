/** Asks for the password. */
import { useState } from 'preact/hooks'
import { PasswordField } from '../../shared/ui/form/fields.tsx'
import { Form } from '../../shared/ui/form/form.tsx'
import { askVault } from '../panel-calls.ts'
import { wordsOf } from './use-panel.ts'

export function Unlock({ onOpen }: { onOpen: () => void }) {
  const [password, setPassword] = useState('')
  return (
    <Form
      label="Unlock the wallet"
      check={() =>
        password === '' ? [{ field: 'password', message: 'Enter your password.' }] : []
      }
      send="Unlock"
      onSend={async () => {
        try {
          await askVault('unlock', { password })
          onOpen()
          return undefined
        } catch (error) {
          return {
            happened: wordsOf(error),
            money: 'Your keys are still here, encrypted.',
            remedy: 'Without the password, your backup words bring them back.',
          }
        }
      }}
    >
      <PasswordField
        name="password"
        label="Password"
        required
        autoComplete="current-password"
        value={password}
        onValue={setPassword}
      />
    </Form>
  )
}
