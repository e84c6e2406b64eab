/** The address book: names that a reader gives to addresses, shown beside them on every page of the site. */
import { useState } from 'preact/hooks'
import { isLegacyAddress, parseAddress } from '../../core/crypto/address.ts'
import { labelLimits, ownLabels, setOwnLabel, tidyLabel } from '../shared/labels/own-labels.ts'
import type { Problem } from '../shared/ui/form/context.ts'
import { TextField } from '../shared/ui/form/fields.tsx'
import { Form } from '../shared/ui/form/form.tsx'
import { addressLink } from '../shared/ui/links.tsx'
import { Empty } from '../shared/ui/states.tsx'
import { toast } from '../shared/ui/toast.tsx'
import type { Trouble } from '../shared/ui/trouble.tsx'
import { type Contact, contactsOf } from './contact-list.ts'

export function Contacts() {
  const contacts = contactsOf(ownLabels.value)
  return (
    <>
      <h1 tabIndex={-1}>Address book</h1>
      <p class="wallet-lead">
        Names of your own for addresses. They stay in this browser, stand beside the address
        wherever this site shows it, and warn you when you pay one that has none.
      </p>
      {contacts.length === 0 ? (
        <Empty title="Nobody yet">
          <span>Add the addresses that you pay, and you will see at a glance who it is.</span>
        </Empty>
      ) : (
        <ul class="contacts">
          {contacts.map((contact) => (
            <ContactRow key={contact.address} contact={contact} />
          ))}
        </ul>
      )}
      <h2 class="section-title">Add or rename</h2>
      <ContactForm />
    </>
  )
}

function ContactRow({ contact: { address, name } }: { contact: Contact }) {
  return (
    <li>
      <strong class="break contact-name">{name}</strong>
      <span class="contact-address">{addressLink(address)}</span>
      <span class="contact-actions">
        <a class="button button-small" href={`/wallet/send?to=${address}`}>
          Send<span class="visually-hidden"> to {name}</span>
        </a>
        <button
          type="button"
          class="button button-small"
          onClick={() => toast(setOwnLabel(address, '') ? 'Name removed' : 'Not removed')}
        >
          Remove<span class="visually-hidden"> {name}</span>
        </button>
      </span>
    </li>
  )
}

function ContactForm() {
  const [name, setName] = useState('')
  const [address, setAddress] = useState('')
  const check = (): readonly Problem[] => {
    const problems: Problem[] = []
    if (tidyLabel(name) === '') problems.push({ field: 'name', message: 'Enter a name.' })
    if (!parseAddress(address.trim()).ok) {
      const message = isLegacyAddress(address.trim())
        ? 'This is an address of the original network: nobody can be paid there.'
        : 'No address of this network: a character is wrong or missing.'
      problems.push({ field: 'address', message })
    }
    return problems
  }
  const save = async (): Promise<Trouble | undefined> => {
    if (setOwnLabel(address.trim(), name)) {
      toast('Name saved in this browser')
      setName('')
      setAddress('')
      return undefined
    }
    return {
      happened: 'This browser did not keep the name.',
      money: 'Nothing was paid.',
      remedy: 'Make room, or allow this site to store data.',
    }
  }
  return (
    <Form label="Add or rename" send="Save the name" check={check} onSend={save}>
      <TextField
        name="name"
        label="Name"
        required
        value={name}
        maxLength={labelLimits.labelChars}
        onValue={setName}
      />
      <TextField
        name="address"
        label="Address"
        required
        mono
        hint="aitbc1…"
        value={address}
        maxLength={200}
        onValue={setAddress}
      />
    </Form>
  )
}
