/** Answers about other sites as schemas of `rpc-peers.ts`, and of the original's two import routes. */
import * as z from 'zod'
import type { InstallingJson, OffenceJson, PeerJson, PeersJson } from '../rpc-peers.ts'
import { hash, hexBytes, publicKey, time, whole } from './common.ts'

/** One peer. */
export const peerSchema = z
  .strictObject({
    url: z.string().describe('Origin, as configured'),
    name: z.string().describe('Name of its authority, else its host'),
    authority: publicKey.nullable().describe('Key of its authority, as it says'),
    height: whole.nullable().describe('Null before it was first heard'),
    final_height: whole.nullable(),
    head_hash: hash.nullable(),
    final_hash: hash.nullable(),
    lag_blocks: z.int().nullable().describe('Head here less head there; below 0 it is ahead'),
    lag_slots: z.int().nullable().describe('The same in slots of the two heads'),
    last_seen: time.nullable(),
    agreement: z
      .enum(['yes', 'no', 'unknown'])
      .describe('Whether both hold one block at the lower of their final heights'),
    failure: z
      .strictObject({
        code: z.enum([
          'UNREACHABLE',
          'TIMEOUT',
          'ANSWER_TOO_LARGE',
          'CONTENT_TYPE_INVALID',
          'ANSWER_INVALID',
          'GENESIS_MISMATCH',
          'PROTOCOL_MISMATCH',
          'REFUSED_BY_PEER',
          'BLOCK_NOT_KEPT',
          'NOT_SERVED',
          'RATE_LIMITED',
          'BLOCK_REFUSED',
          'CERTIFICATE_REFUSED',
          'MESSAGE_REFUSED',
        ]),
        message: z.string(),
        since: time.describe('The first of the failures in a row'),
        at: time,
        count: whole,
      })
      .nullable()
      .describe('What failed last; null once an exchange has gone well'),
    backed_off_until: time.nullable().describe('Nothing is sent to it before'),
    offences: whole.describe('Of its authority, known here'),
  })
  .meta({
    id: 'Peer',
    description: 'Another site, as this one sees it',
  }) satisfies z.ZodType<PeerJson>

/** One offence. */
export const offenceSchema = z
  .strictObject({
    kind: z.enum(['double_block', 'double_vote', 'double_commit', 'crossed']),
    name: z.string(),
    authority: publicKey,
    slot: whole,
    found_at: time,
    first: hexBytes.describe('A signed vote or commit in canonical bytes, or a block’s hash'),
    second: hexBytes,
  })
  .meta({
    id: 'Offence',
    description: 'What only a dishonest authority can have signed, and what shows it',
  }) satisfies z.ZodType<OffenceJson>

/** A snapshot that is being taken over. */
export const installingSchema = z
  .strictObject({
    height: whole,
    hash: hash.describe('Of the block'),
    installed: whole.describe('Chunks that are taken over'),
    chunks: whole,
    sources: z.array(z.string()).describe('Origins of the peers that serve it'),
    message: z.string().describe('The same for people'),
  })
  .meta({
    id: 'Installing',
    description: 'The snapshot with which this site is beginning',
  }) satisfies z.ZodType<InstallingJson>

/** `GET /rpc/peers`. */
export const peersSchema = z
  .strictObject({
    name: z.string().describe('Name of this site’s authority, or follower'),
    authority: publicKey.nullable(),
    height: whole,
    final_height: whole,
    head_hash: hash,
    final_hash: hash,
    state_root: hash,
    slot: whole.describe('Of the head'),
    current_slot: z.int(),
    signing: z.boolean().describe('Whether this site makes blocks and votes'),
    fault: z.string().nullable().describe('Why it does not although it has a key'),
    reorgs: whole.describe('How often this site has left blocks for another branch'),
    kept_from: whole.describe('Lowest block that this site keeps: 0, or the one it began with'),
    installing: installingSchema.nullable().describe('Null unless a snapshot is being taken over'),
    peers: z.array(peerSchema),
    offences: z.array(offenceSchema),
  })
  .meta({ id: 'Peers', description: 'This site among its peers' }) satisfies z.ZodType<PeersJson>

/** `POST /rpc/blocks/import`. */
export const importedSchema = z.union([
  z.strictObject({ status: z.literal('exists'), height: whole, hash }),
  z.strictObject({ status: z.literal('imported'), height: whole, hash, tx_count: whole }),
])

/** `POST /rpc/importBlock`. */
export const importResultSchema = z.strictObject({
  accepted: z.boolean(),
  height: z.int().nullable(),
  hash: z.string().nullable(),
  reason: z.string(),
  reorged: z.boolean(),
  reorg_depth: whole,
})

/** `POST /rpc/admin/resumeSigning` and its opposite. */
export const signingSchema = z.strictObject({
  signing: z.boolean().describe('Whether this site signs now'),
})
