/** `/rpc`: what sites of one chain say to each other, and how each stands among them. */
import * as z from 'zod'
import { type EndpointFamily, endpoint } from '../endpoint.ts'
import { importBlockSchema, importResultRequestSchema } from '../rpc-import.ts'
import { importedSchema, importResultSchema, peersSchema, signingSchema } from '../schemas/peers.ts'
import { signedRequestHeaders } from '../signed-request.ts'
import { bodyErrors, chainErrors } from './failures.ts'

const { publicKey, timestampMs, signature } = signedRequestHeaders

/** The three headers of a signed request. Without them it is 401. */
const signedBy = z.object({
  [publicKey]: z.string().describe('Public key of the authority, hex'),
  [timestampMs]: z.string().describe('Unix milliseconds; good for a minute'),
  [signature]: z.string().describe('Over host, method, path, body and time, hex'),
})

/** What both imports of the contract share. */
const importing = {
  legacy: 'Sites that name each other in PEERS fetch blocks by themselves.',
  example: {
    body: {
      height: 2,
      hash: `0x${'a'.repeat(64)}`,
      parent_hash: `0x${'b'.repeat(64)}`,
      proposer: 'c'.repeat(64),
      timestamp: '2026-02-14T12:00:00',
      tx_count: 0,
    },
  },
} as const

const post = { method: 'POST', auth: 'none' } as const
const bytes = 'application/octet-stream'

const signedErrors = [
  ...chainErrors,
  'AUTHENTICATION_ERROR',
  'REQUEST_SIGNATURE_INVALID',
  'REQUEST_EXPIRED',
  'QUOTA_EXCEEDED',
  'AUTHORITY_REQUIRED',
] as const

const wireErrors = [
  'SYNC_ENCODING_INVALID',
  'PROTOCOL_MISMATCH',
  'GENESIS_MISMATCH',
  'BODY_TOO_LARGE',
] as const

const signing = { ...post, headers: signedBy, errors: signedErrors, example: {} } as const
const signs = [{ status: 200, description: 'Whether it signs now', schema: signingSchema }] as const

/** Peers, synchronisation, import. */
export const sitesFamily = {
  id: 'sites',
  title: 'Sites of one chain',
  description:
    'Sites that name each other in PEERS keep one chain. Bodies under /rpc/sync are canonical bytes that begin with the version of the protocol and the genesis hash.',
  endpoints: [
    endpoint({
      method: 'GET',
      auth: 'none',
      id: 'getPeers',
      path: '/rpc/peers',
      summary: 'Read how this site stands among the others',
      description:
        'Height, finality, agreement and the last failure of each. Disagreement is shown, never averaged.',
      answers: [{ status: 200, description: 'This site and its peers', schema: peersSchema }],
      errors: chainErrors,
      example: {},
    }),
    endpoint({
      ...post,
      id: 'pullBlocks',
      path: '/rpc/sync/pull',
      summary: 'Ask for blocks, votes and transactions that follow what one has',
      description:
        'The body says what the asker has: final height, hashes of its chain and of its mempool. Open to everybody: all of it is public, and whoever asks checks it.',
      bytes: 'What the asker has: final height, hashes of its chain, hashes of its mempool',
      answers: [{ status: 200, description: 'What follows', mediaType: bytes }],
      errors: [...chainErrors, ...wireErrors, 'BLOCK_NOT_KEPT'],
      example: {},
    }),
    endpoint({
      ...post,
      id: 'announceBlocks',
      path: '/rpc/sync/announce',
      summary: 'Announce blocks, votes and transactions, as an authority',
      description: 'The body says where the announcing site stands, and what is new.',
      headers: signedBy,
      bytes: 'Where the announcing site stands, and what is new',
      answers: [
        {
          status: 200,
          description: 'Where this site stands, and what it refused',
          mediaType: bytes,
        },
      ],
      errors: [...signedErrors, ...wireErrors],
      example: {},
    }),
    endpoint({
      ...post,
      id: 'importBlock',
      path: '/rpc/importBlock',
      summary: 'Import a block and hear why not, as in the original',
      description:
        'Only a block signed by an authority of this chain is taken: its canonical bytes go in block. Reasons and their order are the original’s.',
      body: { schema: importResultRequestSchema, required: true },
      answers: [{ status: 200, description: 'What became of it', schema: importResultSchema }],
      errors: [...chainErrors, ...bodyErrors],
      ...importing,
    }),
    endpoint({
      ...post,
      id: 'importBlockOrFail',
      path: '/rpc/blocks/import',
      summary: 'Import a block, as in the original',
      description:
        'Only a block signed by an authority of this chain is taken: its canonical bytes go in block. A height below 1 is told in the original’s list under detail.',
      body: { schema: importBlockSchema, required: true },
      answers: [{ status: 200, description: 'It is there', schema: importedSchema }],
      errors: [
        ...chainErrors,
        ...bodyErrors,
        'BLOCK_EXISTS',
        'PARENT_NOT_FOUND',
        'BLOCK_UNSIGNED',
        'BLOCK_HASH_INVALID',
        'BLOCK_REFUSED',
      ],
      ...importing,
    }),
    endpoint({
      ...signing,
      id: 'suspendSigning',
      path: '/rpc/admin/suspendSigning',
      summary: 'Keep an authority from signing, as its operator',
      description:
        'Before a backup is restored: the site signs again once the others have finalized a later block, or when it is told to.',
      answers: signs,
    }),
    endpoint({
      ...signing,
      id: 'resumeSigning',
      path: '/rpc/admin/resumeSigning',
      summary: 'Let a stopped authority sign again, as its operator',
      description:
        'Signed with the AUTHORITY_KEY of the site itself; npm run signing does it. Only when no other copy of the site runs.',
      answers: signs,
    }),
  ],
} as const satisfies EndpointFamily
