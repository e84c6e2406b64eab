/** The address book: the reader's own labels, as far as they name addresses of this network. */
import { parseAddress } from '../../core/crypto/address.ts'
import type { OwnLabels } from '../shared/labels/own-labels.ts'

export type Contact = { readonly address: string; readonly name: string }

/** Contacts by name. */
export const contactsOf = (labels: OwnLabels): readonly Contact[] =>
  Object.entries(labels)
    .filter(([value]) => parseAddress(value).ok)
    .map(([address, name]) => ({ address, name }))
    .sort((left, right) => left.name.localeCompare(right.name, 'en'))
