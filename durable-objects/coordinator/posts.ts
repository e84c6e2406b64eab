/**
 * Transactions that the site's account sends for others of its objects: announcements, and the closing of
 * bookings whose time is over. They stand in the same row of nonces as settlements, which sends them.
 */
import { decodeCanonical } from '../../core/base/coders.ts'
import { assert } from '../../core/base/result.ts'
import { sufficientFee } from '../../core/chain/fees.ts'
import {
  type Message,
  messageCoder,
  signTransaction,
  type TransactionBody,
  transactionHash,
} from '../../core/chain/transaction.ts'
import { coordinatorLimits } from './limits.ts'
import { type Blob, bytesOf, rowsOf, type SqlDatabase } from './schema.ts'
import type { Settings } from './settings.ts'
import { countOf, insertBatch } from './settlement-rows.ts'

export type Posts = ReturnType<typeof openPosts>

type PostRow = { readonly id: string; readonly message: Blob }

/** What is to be sent, on disk. */
export function openPosts(parts: { readonly database: SqlDatabase; readonly settings: Settings }) {
  const { database, settings } = parts
  database.sql.exec(createTable)
  database.sql.exec(createIndex)
  let due = countOf(database, 'SELECT count(*) AS n FROM posts WHERE batch IS NULL')

  return {
    /** How many have not been signed. */
    due: (): number => due,

    /** Puts one in the row; known ids stay as they are, unless it is to be sent `again`. */
    put: (post: {
      readonly id: string
      readonly message: Message
      readonly again: boolean
    }): boolean => {
      const known = rowsOf<{ batch: number | null }>(database, selectBatch, post.id)[0]
      if (known && (known.batch === null || !post.again)) return false
      if (known) database.sql.exec('UPDATE posts SET batch = NULL WHERE id = ?', post.id)
      else database.sql.exec(insertPost, post.id, messageCoder.encode(post.message))
      due += 1
      return true
    },

    /** Signs the next one into a batch of its own; undefined when there is none. */
    build: (nonce: bigint, slot: number): Uint8Array | undefined => {
      const [row] = rowsOf<PostRow>(database, selectDue)
      if (!row) return undefined
      const message = decodeCanonical(messageCoder, bytesOf(row.message))
      assert(message.ok, 'posts are stored canonically')
      const body: TransactionBody = {
        version: 1,
        sender: settings.coordinator.publicKey,
        nonce,
        fee: 0n,
        validUntil: BigInt(slot + coordinatorLimits.settleValiditySlots),
        message: message.value,
      }
      const fee = sufficientFee(settings.genesis.parameters, body)
      const bytes = signTransaction(settings.genesisHash, { ...body, fee }, settings.coordinator)
      const hash = transactionHash(bytes)
      database.transactionSync(() => {
        const [inserted] = rowsOf<{ batch: number }>(
          database,
          insertBatch,
          Number(nonce),
          Number(body.validUntil),
          hash,
          bytes,
          '[]',
        )
        assert(inserted, 'an insert returns its row')
        database.sql.exec(setSent, inserted.batch, hash, row.id)
      })
      due -= 1
      return bytes
    },

    /** How far one is. */
    posted: (id: string): { txHash: Uint8Array | undefined; isOpen: boolean } | undefined => {
      const [row] = rowsOf<{ batch: number | null; tx_hash: Blob | null; open: number | null }>(
        database,
        selectPosted,
        id,
      )
      return (
        row && {
          txHash: row.tx_hash ? bytesOf(row.tx_hash) : undefined,
          isOpen: row.batch === null || row.open === 1,
        }
      )
    },

    /** Forgets old ones, so that the table stays small. */
    sweep: (): void => {
      database.sql.exec(deleteOld)
    },
  }
}

const createTable = `CREATE TABLE IF NOT EXISTS posts (
  seq INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  message BLOB NOT NULL,
  batch INTEGER,
  tx_hash BLOB
)`
const createIndex = 'CREATE INDEX IF NOT EXISTS posts_due ON posts (seq) WHERE batch IS NULL'
const selectBatch = 'SELECT batch FROM posts WHERE id = ?'
const insertPost = 'INSERT INTO posts (id, message) VALUES (?, ?)'
const selectDue = 'SELECT id, message FROM posts WHERE batch IS NULL ORDER BY seq LIMIT 1'
const setSent = 'UPDATE posts SET batch = ?, tx_hash = ? WHERE id = ?'
const selectPosted = `SELECT posts.batch AS batch, posts.tx_hash AS tx_hash, batches.open AS open
  FROM posts LEFT JOIN batches ON batches.batch = posts.batch WHERE posts.id = ?`
const deleteOld = `DELETE FROM posts WHERE batch IS NOT NULL
  AND seq < (SELECT max(seq) FROM posts) - 10000`
