/** Where the account is signed in, each of which can be ended. */
import { Title } from '../explorer/parts.tsx'
import { Sessions } from '../wallet/sessions.tsx'

export function SignIns() {
  return (
    <>
      <Title>Sign-ins</Title>
      <p class="lead">Whoever has one of these sessions can ask models and change keys as you.</p>
      <Sessions />
    </>
  )
}
