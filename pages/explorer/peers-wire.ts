/** How this site stands among the others of its chain, as the explorer reads it. */
import {
  flag,
  integer,
  list,
  maybe,
  object,
  oneOf,
  type ShapeOf,
  text,
} from '../shared/live/shape.ts'
import { moment } from './wire.ts'

const count = integer(0)
const whole = integer(Number.MIN_SAFE_INTEGER)

const peer = object({
  url: text,
  name: text,
  height: maybe(count),
  final_height: maybe(count),
  head_hash: maybe(text),
  final_hash: maybe(text),
  lag_blocks: maybe(whole),
  last_seen: maybe(moment),
  agreement: oneOf('yes', 'no', 'unknown'),
  failure: maybe(object({ code: text, message: text, since: moment, count })),
  backed_off_until: maybe(moment),
})
export type Peer = ShapeOf<typeof peer>

const offence = object({
  kind: text,
  name: text,
  authority: text,
  slot: count,
  found_at: moment,
})
export type Offence = ShapeOf<typeof offence>

export const peersAnswer = object({
  name: text,
  height: count,
  final_height: count,
  head_hash: text,
  final_hash: text,
  signing: flag,
  fault: maybe(text),
  peers: list(peer),
  offences: list(offence),
})
export type Peers = ShapeOf<typeof peersAnswer>
