/**
 * Recovery words (BIP-39, English list): 12 or 24 words that are a wallet's one secret on paper.
 */
import { entropyToMnemonic, mnemonicToEntropy, mnemonicToSeedSync } from '@scure/bip39'
import { wordlist } from '@scure/bip39/wordlists/english.js'
import { assert, err, ok, type Result } from '../base/result.ts'

/** Bytes of entropy behind 12 and 24 words. */
export const entropyBytes = { words12: 16, words24: 32 } as const

/** Why words are no recovery words. */
export type MnemonicError =
  | { readonly code: 'MNEMONIC_LENGTH_INVALID'; readonly message: string }
  | {
      readonly code: 'MNEMONIC_WORD_UNKNOWN'
      readonly message: string
      /** Position of the first unknown word, from 1. The word itself stays out of messages and logs. */
      readonly position: number
    }
  | { readonly code: 'MNEMONIC_CHECKSUM_WRONG'; readonly message: string }

/** Words of 16 or 32 bytes of fresh entropy, with single spaces between. */
export function mnemonicOf(entropy: Uint8Array): string {
  assert(isEntropy(entropy), 'entropy has 16 or 32 bytes')
  return entropyToMnemonic(entropy, wordlist)
}

/** Entropy of words as a person types them: any case, any white space. */
export function entropyOf(words: string): Result<Uint8Array, MnemonicError> {
  const list = words.normalize('NFKD').trim().toLowerCase().split(/\s+/)
  if (list.length !== 12 && list.length !== 24) {
    const found = words.trim() === '' ? 0 : list.length
    return err({
      code: 'MNEMONIC_LENGTH_INVALID',
      message: `recovery words are 12 or 24 words; these are ${found}`,
    })
  }
  const unknown = list.findIndex((word) => !known.has(word))
  if (unknown >= 0) {
    return err({
      code: 'MNEMONIC_WORD_UNKNOWN',
      message: `word ${unknown + 1} is not in the list of recovery words`,
      position: unknown + 1,
    })
  }
  try {
    return ok(mnemonicToEntropy(list.join(' '), wordlist))
  } catch {
    return err({
      code: 'MNEMONIC_CHECKSUM_WRONG',
      message: 'a word is wrong or two are swapped: the checksum does not fit',
    })
  }
}

/** Seed of the derivation: 64 bytes, without a passphrase. 2 048 rounds of PBKDF2-SHA512. */
export const derivationSeed = (entropy: Uint8Array): Uint8Array =>
  mnemonicToSeedSync(mnemonicOf(entropy))

const known: ReadonlySet<string> = new Set(wordlist)

const isEntropy = ({ length }: Uint8Array): boolean =>
  length === entropyBytes.words12 || length === entropyBytes.words24
