/**
 * Text of answers in the making: what of it is on disk, what is only remembered, and what arrives after a
 * lapse for a result that is late.
 */
import { jobLimits } from '../../core/jobs/limits.ts'
import { type AttemptText, type JobStore, type LiveJob, noText } from './job-store.ts'

/** Writes a job that goes on, with all of its text. Inside the caller's atomic write. */
export function writeOpen(store: JobStore, job: LiveJob): void {
  store.saveLife(job)
  for (const [attemptId, text] of job.texts) store.saveText(job.ask.jobId, attemptId, text)
}

/** Notes that all text of a job is on disk. */
export function markSaved(job: LiveJob): void {
  for (const text of job.texts.values()) {
    // One piece is as good as many, and shorter to keep.
    text.pieces = text.pieces.length === 0 ? [] : [text.pieces.join('')]
    text.saved = text.pieces.length
  }
}

/** Whether anything of a job's text is on disk. */
export const hasSavedText = (job: LiveJob): boolean =>
  [...job.texts.values()].some((text) => text.saved > 0)

/** Adds a piece to the text of an attempt. */
export function append(
  job: LiveJob,
  attemptId: string,
  piece: { seq: number; text: string; count: number; textBytes: number },
): void {
  const text: AttemptText = job.texts.get(attemptId) ?? noText()
  job.texts.set(attemptId, text)
  text.pieces.push(piece.text)
  text.nextSeq = piece.seq + 1
  text.tokens += piece.count
  text.bytes += piece.textBytes
}

/** Text of an attempt that lapsed and may still finish; false when it is not taken. */
export function takeLateText(
  job: LiveJob,
  frame: {
    attemptId: string
    minerId: string
    seq: number
    text: string
    count: number
    textBytes: number
  },
): boolean {
  const { attemptId, minerId, seq, textBytes } = frame
  const attempt = job.life.attempts.find((each) => each.attemptId === attemptId)
  if (attempt?.state !== 'lapsed' || attempt.minerId !== minerId) return false
  const text = job.texts.get(attemptId) ?? noText()
  if (seq < text.nextSeq) return true
  if (seq > text.nextSeq || text.bytes + textBytes > jobLimits.answerBytesMax) return false
  append(job, attemptId, frame)
  return true
}

const encoder = new TextEncoder()

/** Bytes of a text in UTF-8. */
export const utf8Length = (text: string): number => encoder.encode(text).length
