/** Values that many answers share, as schemas: how hashes, keys, addresses, amounts and times are spelled. */
import * as z from 'zod'

/** A hash of 32 bytes: `0x` and 64 lower-case hex digits. */
export const hash = z
  .string()
  .regex(/^0x[0-9a-f]{64}$/)
  .meta({ id: 'Hash', description: 'A hash of 32 bytes: 0x and 64 hex digits' })

/** A public key of 32 bytes: 64 lower-case hex digits. */
export const publicKey = z
  .string()
  .regex(/^[0-9a-f]{64}$/)
  .meta({ id: 'PublicKey', description: 'An Ed25519 public key: 64 hex digits' })

/** A signature of 64 bytes: 128 lower-case hex digits. */
export const signature = z
  .string()
  .regex(/^[0-9a-f]{128}$/)
  .meta({ id: 'Signature', description: 'An Ed25519 signature: 128 hex digits' })

/** An address of this network, with its checksum. */
export const address = z
  .string()
  .regex(/^aitbc1[02-9ac-hj-np-z]{38}$/)
  .meta({ id: 'Address', description: 'An address: aitbc1 and 38 characters, with a checksum' })

/** Canonical bytes in hex. */
export const hexBytes = z
  .string()
  .regex(/^(?:[0-9a-f]{2})*$/)
  .meta({ id: 'HexBytes', description: 'Canonical bytes in hex' })

/** A whole amount of base units as decimal text. */
export const units = z
  .string()
  .regex(/^(?:0|[1-9][0-9]{0,19})$/)
  .meta({
    id: 'Units',
    description: 'An amount in base units, as decimal text: 1 AITBC is 100000000',
  })

/** An amount as the original spelled it: a number, or decimal text where that would not be exact. */
export const legacyUnits = z.union([z.int().min(0), z.string().regex(/^[1-9][0-9]{15,19}$/)]).meta({
  id: 'LegacyUnits',
  description: 'An amount in base units, as a number, or as decimal text above 2^53 - 1',
})

/** Naive UTC with microseconds and no zone, as the original writes times. */
export const legacyTime = z
  .string()
  .regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}$/)
  .meta({
    id: 'LegacyTime',
    description: 'A time in UTC, without a zone: 2026-02-14T12:00:00.123000',
  })

/** RFC 3339 in UTC. */
export const time = z
  .string()
  .regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
  .meta({ id: 'Time', description: 'A time in UTC by RFC 3339: 2026-02-14T12:00:00.123Z' })

/** An id of a job, a receipt or an attempt: 32 lower-case hex digits. */
export const jobId = z
  .string()
  .regex(/^[0-9a-f]{32}$/)
  .meta({ id: 'JobId', description: 'An id of 16 bytes: 32 hex digits' })

/** A count, a height, a slot: a whole number from 0. */
export const whole = z.int().min(0)

/** JSON of which the site promises nothing. */
export const openObject = z.record(z.string(), z.unknown())
