/** The payment behind a receipt: both signatures, and who asked and who answered for it, by its escrow. */

import { authorisationSigningBytes } from '../../../core/chain/authorisation.ts'
import { genesisHash } from '../../../core/chain/genesis.ts'
import type { LightFact } from '../../../core/chain/light-fact.ts'
import { releaseSigningBytes } from '../../../core/chain/release.ts'
import { addressOf, formatAddress } from '../../../core/crypto/address.ts'
import { nobleVerifier } from '../../../core/crypto/ed25519.ts'
import { refused, timed } from './ask.ts'
import { paymentOf } from './compare.ts'
import { type Check, prove } from './prove.ts'

type Json = Readonly<Record<string, unknown>>
type Paid = Extract<LightFact, { readonly receipt: unknown }>

/** What else holds of a payment, in words; throws a `Refusal` where something does not. */
export async function judgePayment(at: Check, fact: Paid, shown: unknown): Promise<string> {
  const item = paymentOf(fact)
  if (!item) throw refused('MALFORMED', 'The transaction holds no such payment.')
  const chain = genesisHash(at.chain.genesis)
  const { verify } = nobleVerifier
  const isAuthorised = timed(at.cost, () =>
    verify({
      signature: item.authorisationSignature,
      message: authorisationSigningBytes(chain, item.authorisation),
      publicKey: item.authorisation.signer,
    }),
  )
  if (!isAuthorised) throw refused('SIGNATURE_INVALID', 'The payer did not sign this payment.')
  const state = await prove(at, { kind: 'escrow', id: item.authorisation.escrow })
  const escrow = state.kind === 'escrow' ? state.escrow : undefined
  if (!escrow) {
    return 'The signature of the payer holds. Its escrow is closed since, so client and coordinator are what the site says.'
  }
  const isReleased = timed(at.cost, () =>
    verify({
      signature: item.releaseSignature,
      message: releaseSigningBytes(chain, item.release),
      publicKey: escrow.coordinator,
    }),
  )
  if (!isReleased) throw refused('SIGNATURE_INVALID', 'The coordinator did not sign this payment.')
  const said = partiesIn(shown)
  const is: Json = {
    client: formatAddress(escrow.owner),
    coordinator: formatAddress(addressOf(escrow.coordinator)),
  }
  const wrong = Object.keys(is).filter((name) => name in said && said[name] !== is[name])
  if (wrong.length > 0) {
    throw refused('SHOWN_OTHERWISE', `The escrow names another ${wrong.join(' and another ')}.`)
  }
  return 'The signatures of payer and coordinator hold.'
}

const partiesIn = (shown: unknown): Json =>
  (typeof shown === 'object' && shown !== null ? shown : {}) as Json
